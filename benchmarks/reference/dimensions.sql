-- Dimensions, and the keys by which customers and vehicles are published: each hashed once. Facts hash the few that
-- have no row in these files themselves.
create table published.marts.dim_store as
select store_code, store_name, region_code, region_name, city, city_tier, brand, opened_on from stores;

create table published.marts.dim_employee as
select store_code, employee_no, role, department, hired_on, left_on from employees;

create temp table customer_keys as
select store_code, customer_no, birth_year, keyed_hash(store_code || '|' || customer_no) as customer_key
from customers;

create table published.marts.dim_customer as
select
    customer_keys.customer_key, customers.customer_type, customers.gender,
    age_band(year(getvariable('as_of')) - customers.birth_year) as age_band, masked(customers.occupation) as occupation,
    customers.store_code as home_store_code, customers.registered_on, files.source_file,
    customers.rowid - files.before as source_line
from customers
inner join customer_keys using (store_code, customer_no)
inner join files on customers.file = files.file;

create temp table vehicle_keys as
select vin, keyed_hash(vin) as vehicle_key from vehicles;

create table published.marts.dim_vehicle as
select vehicle_keys.vehicle_key, masked(vehicles.brand) as brand, masked(vehicles.model) as model, vehicles.sold_on
from vehicles
inner join vehicle_keys using (vin);

create table published.marts.dim_date as
with days as (
    select unnest(
        generate_series(date '2015-01-01', make_date(year(getvariable('as_of')) + 1, 12, 31), interval 1 day)
    )::date as date_day
)

select
    date_day, month_of(date_day) as month, last_day(date_day) as month_end,
    date_trunc('quarter', date_day)::date as quarter_start, year(date_day) as year_number,
    quarter(date_day) as quarter_number, month(date_day) as month_number, day(date_day) as day_of_month,
    least((day(date_day) - 1) // 7 + 1, 4) as week_of_month, isodow(date_day) as iso_day_of_week,
    dayname(date_day) as day_name,
    ['星期一', '星期二', '星期三', '星期四', '星期五', '星期六', '星期日'][isodow(date_day)] as day_name_zh,
    isodow(date_day) >= 6 as is_weekend, date_day = getvariable('as_of') as is_as_of
from days;

create table published.marts.dim_item as
select item_code, 'mot' as item_type, item_order, item_name, item_name_zh, weight::double as weight
from read_csv(getvariable('seeds') || '/mot_items.csv', header = true)
union all
select 'overall', 'overall', 11, 'overall satisfaction', '总体满意度', null
union all
select question_code, 'callback_question', question_order, question_name, question_name_zh, null
from read_csv(getvariable('seeds') || '/callback_questions.csv', header = true);
