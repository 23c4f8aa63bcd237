-- Rates' bounds, the month of a time, and what people are known by.
create macro month_of(moment) as cast(date_trunc('month', moment) as date);

create macro ratio(part, whole) as if(whole > 0, cast(part as double) / whole, null);

create macro wilson_middle(p, n) as (p + 1.959964 * 1.959964 / (2 * n)) / (1 + 1.959964 * 1.959964 / n);

create macro wilson_reach(p, n) as
    1.959964 * sqrt(p * (1 - p) / n + 1.959964 * 1.959964 / (4 * n * n)) / (1 + 1.959964 * 1.959964 / n);

create macro wilson_low(part, whole) as case
    when whole > 0 and part = 0 then 0.0::double
    when whole > 0 and part <= whole then
        wilson_middle(part / whole::double, whole::double) - wilson_reach(part / whole::double, whole::double)
end;

create macro wilson_high(part, whole) as case
    when whole > 0 and part = whole then 1.0::double
    when whole > 0 and part <= whole then
        wilson_middle(part / whole::double, whole::double) + wilson_reach(part / whole::double, whole::double)
end;

create macro minutes_between(a, b) as if(b >= a, date_diff('microsecond', a, b) / 6e7, null);

create macro hours_between(a, b) as if(b >= a, date_diff('microsecond', a, b) / 3.6e9, null);

create macro keyed_hash(value) as sha256(getvariable('hash_key') || sha256(getvariable('hash_key') || value))[:32];

-- Mobile numbers and number plates that people wrote into free text.
create macro masked(value) as regexp_replace(
    regexp_replace(value, '([+]?86[- ]?)?1[3-9][0-9]([- ]?[0-9]{4}){2}', '***', 'g'),
    '[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·. ]?[A-HJ-NP-Z0-9]{4,5}'
    || '[A-HJ-NP-Z0-9挂学警港澳]',
    '***', 'g'
);

create macro age_band(age) as case
    when age < 0 then null when age < 30 then '<30' when age < 40 then '30-39' when age < 50 then '40-49'
    when age >= 50 then '50+'
end;
