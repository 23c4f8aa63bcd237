-- Survey scores. A questionnaire is one row, its answers columns; what is said of a questionnaire (store, month,
-- advisor, repair order) is alike on all its answers.
create temp table items as
select item_code, weight::decimal(9, 6) as weight
from read_csv(getvariable('seeds') || '/mot_items.csv', header = true);

-- What the repair orders that are told of, also void ones, say about whom.
create temp table surveyed_orders as
with surveyed as (select distinct store_code, repair_order_no from css_responses where repair_order_no is not null)

select
    surveyed.store_code, surveyed.repair_order_no, orders.customer_no, customer_keys.birth_year,
    coalesce(customer_keys.customer_key, keyed_hash(orders.store_code || '|' || orders.customer_no)) as customer_key,
    coalesce(vehicle_keys.vehicle_key, keyed_hash(orders.vin)) as vehicle_key
from surveyed
inner join repair_orders as orders
    on surveyed.store_code = orders.store_code and surveyed.repair_order_no = orders.repair_order_no
left join customer_keys
    on orders.store_code = customer_keys.store_code and orders.customer_no = customer_keys.customer_no
left join vehicle_keys on orders.vin = vehicle_keys.vin;

create table published.marts.fct_css_answer as
select
    answers.response_no, answers.item_code, answers.store_code, answers.month, answers.repair_order_no,
    answers.advisor_no, orders.customer_key, orders.vehicle_key,
    age_band(year(answers.month) - orders.birth_year) as age_band, answers.score::double as score, files.source_file,
    answers.rowid - files.before as source_line
from css_responses as answers
inner join files on answers.file = files.file
left join surveyed_orders as orders
    on answers.store_code = orders.store_code and answers.repair_order_no = orders.repair_order_no;

create temp table responses as
with answered as (
    select
        response_no, any_value(store_code) as store_code, any_value(month) as month,
        any_value(advisor_no) as advisor_no, any_value(repair_order_no) as repair_order_no,
        max(score) filter (item_code = 'mot01') as mot01, max(score) filter (item_code = 'mot02') as mot02,
        max(score) filter (item_code = 'mot03') as mot03, max(score) filter (item_code = 'mot04') as mot04,
        max(score) filter (item_code = 'mot05') as mot05, max(score) filter (item_code = 'mot06') as mot06,
        max(score) filter (item_code = 'mot07') as mot07, max(score) filter (item_code = 'mot08') as mot08,
        max(score) filter (item_code = 'mot09') as mot09, max(score) filter (item_code = 'mot10') as mot10,
        max(score) filter (item_code = 'overall') as overall
    from css_responses
    where score is not null
    group by response_no
)

select
    answered.*, stores.city_tier, stores.brand, customers.customer_type, customers.gender, customers.occupation,
    age_band(year(answered.month) - customers.birth_year) as age_band
from answered
inner join stores on answered.store_code = stores.store_code
left join surveyed_orders as orders
    on answered.store_code = orders.store_code and answered.repair_order_no = orders.repair_order_no
left join customers on answered.store_code = customers.store_code and orders.customer_no = customers.customer_no;

-- Every group that scores are told of, and its scores item by item.
create temp table item_scores as
with grouped as (
    select
        store_code, month,
        case
            when grouping(advisor_no) = 0 then 'advisor' when grouping(age_band) = 0 then 'age_band'
            when grouping(gender) = 0 then 'gender' when grouping(occupation) = 0 then 'occupation'
            when grouping(customer_type) = 0 then 'customer_type' when grouping(city_tier) = 0 then 'city_tier'
            when grouping(brand) = 0 then 'brand' else 'store'
        end as segment,
        if(
            segment = 'store', '', coalesce(advisor_no, age_band, gender, occupation, customer_type, city_tier, brand)
        ) as segment_value,
        count(*) as responses,
        avg(columns('mot\d\d|overall')) as 'score_\0',
        count(columns('mot\d\d|overall')) as 'answers_\0'
    from responses
    group by grouping sets (
        (store_code, month), (store_code, month, advisor_no), (store_code, month, age_band),
        (store_code, month, gender), (store_code, month, occupation), (store_code, month, customer_type),
        (store_code, month, city_tier), (store_code, month, brand)
    )
)

select
    store_code, month, segment, segment_value, responses,
    unnest([
        {item_code: 'mot01', score: score_mot01, answers: answers_mot01},
        {item_code: 'mot02', score: score_mot02, answers: answers_mot02},
        {item_code: 'mot03', score: score_mot03, answers: answers_mot03},
        {item_code: 'mot04', score: score_mot04, answers: answers_mot04},
        {item_code: 'mot05', score: score_mot05, answers: answers_mot05},
        {item_code: 'mot06', score: score_mot06, answers: answers_mot06},
        {item_code: 'mot07', score: score_mot07, answers: answers_mot07},
        {item_code: 'mot08', score: score_mot08, answers: answers_mot08},
        {item_code: 'mot09', score: score_mot09, answers: answers_mot09},
        {item_code: 'mot10', score: score_mot10, answers: answers_mot10},
        {item_code: 'overall', score: score_overall, answers: answers_overall}
    ], recursive := true)
from grouped
where segment_value is not null;

create temp table scores as
select
    store_code, month, segment, segment_value,
    any_value(responses) as sample_size,
    sum(weight * score::decimal(18, 12))::double / sum(weight) filter (score is not null)::double as mot_score,
    max(score) filter (item_code = 'overall') as css_score
from item_scores
left join items using (item_code)
group by all;

create table marts.css_store_monthly as
select
    scores.store_code, scores.month, scores.sample_size, scores.mot_score, scores.css_score,
    before.sample_size as previous_sample_size, before.mot_score as previous_mot_score,
    before.css_score as previous_css_score,
    null::double as region_mot_score, null::double as region_css_score, null::bigint as region_sample_size,
    null::double as national_mot_score, null::double as national_css_score, null::bigint as national_sample_size,
    null::double as gap_to_region, null::double as gap_to_national
from scores
left join scores as before
    on
        scores.store_code = before.store_code and before.segment = 'store'
        and scores.month = before.month + interval 1 month
where scores.segment = 'store';

create table marts.css_item_monthly as
with told as (
    select item_scores.*, items.weight::double as weight
    from item_scores
    inner join items using (item_code)
    where item_scores.segment = 'store' and item_scores.score is not null
)

select
    told.store_code, told.month, told.item_code, told.answers as sample_size, told.score, told.weight,
    told.weight * told.score as contribution, before.score as previous_score,
    null::double as region_score, null::double as national_score,
    rank() over (
        partition by told.store_code, told.month order by round(told.score - scores.mot_score, 9)
    ) as low_rank
from told
inner join scores
    on told.store_code = scores.store_code and told.month = scores.month and scores.segment = 'store'
left join told as before
    on
        told.store_code = before.store_code and told.item_code = before.item_code
        and told.month = before.month + interval 1 month;

create table marts.css_segment_monthly as
select * from scores where segment not in ('store', 'advisor');

create table marts.css_advisor_item_monthly as
select store_code, segment_value as advisor_no, month, item_code, score, answers as css_samples
from item_scores
where segment = 'advisor' and item_code <> 'overall' and score is not null;

create table marts.css_advisor_monthly as
with check_ins as (
    select store_code, advisor_no, month, count(*) as check_ins
    from published.marts.fct_repair_order
    where advisor_no is not null
    group by all
)

, calls as (
    select store_code, advisor_no, month, count(*) as callbacks_completed
    from published.marts.fct_callback
    where is_completed and advisor_no is not null
    group by all
)

, surveyed as (
    select store_code, segment_value as advisor_no, month, sample_size, mot_score, css_score
    from scores
    where segment = 'advisor'
)

select
    store_code, advisor_no, month, coalesce(check_ins, 0) as check_ins,
    coalesce(callbacks_completed, 0) as callbacks_completed, coalesce(sample_size, 0) as css_samples, mot_score,
    css_score
from check_ins
full join calls using (store_code, advisor_no, month)
full join surveyed using (store_code, advisor_no, month);

create table marts.css_driver as
with pairs as (
    select
        store_code, overall,
        unnest([
            {item_code: 'mot01', score: mot01}, {item_code: 'mot02', score: mot02},
            {item_code: 'mot03', score: mot03}, {item_code: 'mot04', score: mot04},
            {item_code: 'mot05', score: mot05}, {item_code: 'mot06', score: mot06},
            {item_code: 'mot07', score: mot07}, {item_code: 'mot08', score: mot08},
            {item_code: 'mot09', score: mot09}, {item_code: 'mot10', score: mot10}
        ], recursive := true)
    from responses
    where
        overall is not null
        and month > month_of(getvariable('as_of')) - interval 12 month and month <= getvariable('as_of')
)

-- Sums of whole numbers: no correlation at all is 0, and not a last bit.
, whole as (
    select *, cast(score * 100 as bigint) as x, cast(overall * 100 as bigint) as y from pairs where score is not null
)

, sums as (
    select
        if(grouping(store_code) = 1, 'ALL', store_code) as store_code, item_code, count(*) as sample_size,
        avg(score) as mean_score,
        count(*) * sum(x * x) - sum(x) * sum(x) as spread_x, count(*) * sum(y * y) - sum(y) * sum(y) as spread_y,
        count(*) * sum(x * y) - sum(x) * sum(y) as spread_xy
    from whole
    group by grouping sets ((store_code, item_code), (item_code))
)

, drivers as (
    select
        store_code, item_code, sample_size, mean_score,
        if(
            spread_x > 0 and spread_y > 0,
            greatest(-1, least(1, spread_xy::double / sqrt(spread_x::double * spread_y::double))),
            null
        ) as correlation
    from sums
)

-- Compared in exact decimals, but for a third's last place: equals are not below their mean.
, compared as (
    select
        *,
        round(
            correlation::decimal(18, 12) * count(correlation) over stores
            - sum(correlation::decimal(18, 12)) over stores, 9
        ) >= 0 as is_important,
        round(
            mean_score::decimal(18, 12) * count(*) over stores - sum(mean_score::decimal(18, 12)) over stores, 9
        ) >= 0 as is_high
    from drivers
    window stores as (partition by store_code)
)

select
    store_code, item_code, sample_size, correlation, mean_score,
    case
        when is_important then if(is_high, 'keep_up', 'fix_first')
        when not is_important then if(is_high, 'maintain', 'watch')
    end as priority_quadrant
from compared;
