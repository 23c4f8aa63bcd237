-- Macros that checks of several datasets share; created in the session of the checks.

-- The value of a character of a VIN (ISO 3779, GB 16735): the last digit of its position in the string.
create or replace temp macro vin_value(vin, position) as
    (strpos('0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ', vin[position]) - 1) % 10;

-- What position 9 of a well-formed VIN must be: the weighted values of the other positions, modulo 11.
create or replace temp macro vin_check_digit(vin) as substr('0123456789X', (
    8 * vin_value(vin, 1)
    + 7 * vin_value(vin, 2)
    + 6 * vin_value(vin, 3)
    + 5 * vin_value(vin, 4)
    + 4 * vin_value(vin, 5)
    + 3 * vin_value(vin, 6)
    + 2 * vin_value(vin, 7)
    + 10 * vin_value(vin, 8)
    + 9 * vin_value(vin, 10)
    + 8 * vin_value(vin, 11)
    + 7 * vin_value(vin, 12)
    + 6 * vin_value(vin, 13)
    + 5 * vin_value(vin, 14)
    + 4 * vin_value(vin, 15)
    + 3 * vin_value(vin, 16)
    + 2 * vin_value(vin, 17)
) % 11 + 1, 1);

-- The order in which rows came, as one number: by time of the extract, then file and line.
create or replace temp macro came(extract_at, source_file, source_line) as
    epoch_us(extract_at)::hugeint * 18446744073709551616
    + (hash(source_file) >> 32)::hugeint * 2147483648
    + source_line;

-- Whether the name of an extract gives only its day. A time of 0000 in the name is a time, as is the time of a file
-- changed at midnight, also when its name ends in eight digits that are no date.
create or replace temp macro is_dated_by_day(extract_at, source_file) as
    extract_at = date_trunc('day', extract_at)
    and regexp_extract(lower(source_file), '(^|[^0-9])([0-9]{8})[.](csv|csv[.]gz|xlsx|parquet)$', 2)
    = strftime(extract_at, '%Y%m%d');

-- Whether a moment is later than the extract that it came with: by date where the name gives only a date.
create or replace temp macro is_after_extract(moment, extract_at, source_file) as
    case
        when moment > extract_at
            then cast(moment as date) > cast(extract_at as date) or not is_dated_by_day(extract_at, source_file)
        else false
    end;
