-- Grain: one row per job line of a repair order of the extract; the lines of an order add up to its amounts.
with numbered as (
    select *, unnest(range(1, lines + 1)) as line from visits where is_of_extract
)

, drawn as (select *, visit * 10 + line as job from numbered)

select
    store_code,
    repair_order_no,
    line as line_no,
    if(
        is_faulty(job, 'technician'), 'X99', format('T{:02d}', 1 + draw(job, 'technician number', 16))
    ) as technician_no,
    format('J{:04d}', draw(job, 'job', 900)) as job_code,
    if(
        share(job, 'concern') < 0.7,
        pick(job, 'which concern', ['发动机', '变速箱', '制动', '空调', '电器', '底盘']),
        null
    ) as concern,
    if(is_faulty(job, 'hours'), -1, (5 + draw(job, 'labour hours', 60)) / 10) as labour_hours,
    cast((labour_cents // lines + if(line = 1, labour_cents % lines, 0)) / 100 as decimal(10, 2)) as labour_amount,
    cast((parts_cents // lines + if(line = 1, parts_cents % lines, 0)) / 100 as decimal(10, 2)) as parts_amount,
    if(share(job, 'fixed') < 0.95, 'Y', 'N') as fixed_first_visit,
    if(
        share(job, 'fixed') < 0.95 or is_faulty(job, 'reason'), null,
        pick(job, 'which reason', ['vibration', 'repair_skill', 'parts_replaced', 'noise', 'incomplete'])
    ) as not_fixed_reason
from drawn
