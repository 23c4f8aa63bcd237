-- The macros that need another form on Spark, written in DuckDB's SQL; both forms give the same results.

create macro vin_value(vin, position) as
    (strpos('0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ', substr(vin, position, 1)) - 1) % 10;

-- Spark can compare rows, and its hash() differs.
create macro came(extract_at, source_file, source_line) as (extract_at, source_file, source_line);
