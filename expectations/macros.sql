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
