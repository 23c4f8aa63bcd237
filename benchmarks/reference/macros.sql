-- Rates' bounds, and the month of a time.
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
