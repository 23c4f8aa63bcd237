-- The macros that Spark needs otherwise, in DuckDB's SQL: both engines compute the same, each as it can.

create macro vin_value(vin, position) as
    (strpos('0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ', substr(vin, position, 1)) - 1) % 10;

-- Spark compares rows, and has another hash().
create macro came(extract_at, source_file, source_line) as (extract_at, source_file, source_line);
