-- Canonical files straight into typed tables: no check, only the columns that are published or counted.
-- Files are read in the order of their names and rows keep it, so that of two rows with one key the one with the
-- higher rowid is the later one, and rowids tell lines (see `files`). Values outside their scale read as null.
create table stores as
select distinct on (store_code)
    store_code, store_name, region_code, region_name, city, city_tier, brand, opened_on
from read_csv(
    getvariable('landing') || '/dms/stores/*.csv', header = true, auto_detect = false, filename = true,
    columns = {
        store_code: 'varchar', store_name: 'varchar', region_code: 'varchar', region_name: 'varchar',
        city: 'varchar', city_tier: 'varchar', brand: 'varchar', opened_on: 'date'
    }
)
order by store_code, filename desc;

create table employees as
select distinct on (store_code, employee_no) store_code, employee_no, role, department, hired_on, left_on
from read_csv(
    getvariable('landing') || '/dms/employees/*.csv', header = true, auto_detect = false, filename = true,
    columns = {
        store_code: 'varchar', employee_no: 'varchar', employee_name: 'varchar', role: 'varchar',
        department: 'varchar', hired_on: 'date', left_on: 'date'
    }
)
order by store_code, employee_no, filename desc;

create table customers as
select
    store_code, customer_no, customer_type, gender, birth_year, occupation, registered_on, filename as file
from read_csv(
    getvariable('landing') || '/dms/customers/*.csv', header = true, auto_detect = false, filename = true,
    columns = {
        store_code: 'varchar', customer_no: 'varchar', customer_name: 'varchar', customer_type: 'varchar',
        gender: 'varchar', birth_year: 'smallint', occupation: 'varchar', phone: 'varchar', registered_on: 'date'
    }
);

create table vehicles as
select vin, brand, model, sold_on
from read_csv(
    getvariable('landing') || '/dms/vehicles/*.csv', header = true, auto_detect = false,
    columns = {
        store_code: 'varchar', vin: 'varchar', plate_no: 'varchar', customer_no: 'varchar', brand: 'varchar',
        model: 'varchar', sold_on: 'date'
    }
);

create table appointments as
select
    store_code, appointment_no, customer_no, vin, advisor_no, created_at, scheduled_at, channel, initiated_by, status,
    arrived_at, repair_order_no, filename as file
from read_csv(
    getvariable('landing') || '/dms/appointments/*.csv', header = true, auto_detect = false, filename = true,
    columns = {
        store_code: 'varchar', appointment_no: 'varchar', customer_no: 'varchar', vin: 'varchar',
        advisor_no: 'varchar', created_at: 'timestamp', scheduled_at: 'timestamp', channel: 'varchar',
        initiated_by: 'varchar', status: 'varchar', arrived_at: 'timestamp', repair_order_no: 'varchar'
    }
);

create table repair_orders as
select
    store_code, repair_order_no, customer_no, vin, advisor_no, appointment_no, service_type,
    if(odometer_km >= 0, odometer_km, null) as odometer_km, checked_in_at, order_signed_at, promised_at, completed_at,
    settled_at, delivered_at, status, original_repair_order_no,
    if(quoted_amount >= 0, quoted_amount, null) as quoted_amount,
    if(labour_amount >= 0, labour_amount, null) as labour_amount,
    if(parts_amount >= 0, parts_amount, null) as parts_amount,
    if(total_amount >= 0, total_amount, null) as total_amount,
    filename as file
from read_csv(
    getvariable('landing') || '/dms/repair_orders/*.csv', header = true, auto_detect = false, filename = true,
    columns = {
        store_code: 'varchar', repair_order_no: 'varchar', customer_no: 'varchar', vin: 'varchar',
        advisor_no: 'varchar', appointment_no: 'varchar', service_type: 'varchar', odometer_km: 'integer',
        checked_in_at: 'timestamp', order_signed_at: 'timestamp', promised_at: 'timestamp',
        completed_at: 'timestamp', settled_at: 'timestamp', delivered_at: 'timestamp', status: 'varchar',
        original_repair_order_no: 'varchar', quoted_amount: 'decimal(10, 2)', labour_amount: 'decimal(10, 2)',
        parts_amount: 'decimal(10, 2)', total_amount: 'decimal(10, 2)'
    }
);

create table lines as
select
    store_code, repair_order_no, line_no, technician_no, job_code, nullif(trim(concern), '') as concern,
    if(labour_hours >= 0, labour_hours, null) as labour_hours,
    if(labour_amount >= 0, labour_amount, null) as labour_amount,
    if(parts_amount >= 0, parts_amount, null) as parts_amount,
    fixed_first_visit = 'Y' as fixed_first_visit, not_fixed_reason, filename as file
from read_csv(
    getvariable('landing') || '/dms/repair_order_lines/*.csv', header = true, auto_detect = false, filename = true,
    columns = {
        store_code: 'varchar', repair_order_no: 'varchar', line_no: 'bigint', technician_no: 'varchar',
        job_code: 'varchar', concern: 'varchar', labour_hours: 'decimal(8, 2)', labour_amount: 'decimal(10, 2)',
        parts_amount: 'decimal(10, 2)', fixed_first_visit: 'varchar', not_fixed_reason: 'varchar'
    }
);

create table css_responses as
select
    response_no, item_code, store_code, cast(period || '-01' as date) as month, repair_order_no, advisor_no,
    if(score between 0 and 150, score, null) as score, filename as file
from read_csv(
    getvariable('landing') || '/survey/css_responses/*.csv', header = true, auto_detect = false, filename = true,
    columns = {
        response_no: 'varchar', item_code: 'varchar', store_code: 'varchar', period: 'varchar',
        repair_order_no: 'varchar', advisor_no: 'varchar', score: 'decimal(8, 2)'
    }
);

create table callbacks as
select
    store_code, callback_no, repair_order_no, customer_no, advisor_no, interviewer_no, called_at, outcome,
    filename as file
from read_csv(
    getvariable('landing') || '/survey/callbacks/*.csv', header = true, auto_detect = false, filename = true,
    columns = {
        store_code: 'varchar', callback_no: 'varchar', repair_order_no: 'varchar', customer_no: 'varchar',
        advisor_no: 'varchar', interviewer_no: 'varchar', called_at: 'timestamp', outcome: 'varchar'
    }
);

create table callback_answers as
select store_code, callback_no, question_code, score
from read_csv(
    getvariable('landing') || '/survey/callback_answers/*.csv', header = true, auto_detect = false,
    columns = {
        store_code: 'varchar', callback_no: 'varchar', question_code: 'varchar', score: 'decimal(5, 2)',
        answer_text: 'varchar'
    }
);

create table churn_callbacks as
select store_code, callback_no, vin, cast(cohort_month || '-01' as date) as month, called_at, outcome, reason
from read_csv(
    getvariable('landing') || '/survey/churn_callbacks/*.csv', header = true, auto_detect = false,
    columns = {
        store_code: 'varchar', callback_no: 'varchar', vin: 'varchar', cohort_month: 'varchar',
        called_at: 'timestamp', outcome: 'varchar', reason: 'varchar'
    }
);

create table cases as
select
    store_code, case_no, customer_no, vin, repair_order_no, case_type, channel, category, topic, priority,
    responsible_department, responsible_employee_no, handler_no, received_at, filename as file
from read_csv(
    getvariable('landing') || '/complaint/cases/*.csv', header = true, auto_detect = false, quote = '"',
    filename = true,
    columns = {
        store_code: 'varchar', case_no: 'varchar', customer_no: 'varchar', vin: 'varchar',
        repair_order_no: 'varchar', case_type: 'varchar', channel: 'varchar', category: 'varchar',
        topic: 'varchar', priority: 'varchar', responsible_department: 'varchar',
        responsible_employee_no: 'varchar', handler_no: 'varchar', received_at: 'timestamp', description: 'varchar'
    }
);

create table case_events as
select
    store_code, case_no, event_no, event_at, event_type,
    if(satisfaction_score between 1 and 5, satisfaction_score, null) as satisfaction_score,
    if(compensation_amount >= 0, compensation_amount, null) as compensation_amount
from read_csv(
    getvariable('landing') || '/complaint/case_events/*.csv', header = true, auto_detect = false,
    columns = {
        store_code: 'varchar', case_no: 'varchar', event_no: 'integer', event_at: 'timestamp', event_type: 'varchar',
        actor_no: 'varchar', satisfaction_score: 'decimal(5, 2)', compensation_amount: 'decimal(10, 2)'
    }
);

-- No cell holds a line break, and the first line is the header: a row's line is its rowid less `before`. This is
-- asked before any row is taken out, and holds afterwards because nothing is checkpointed until the end (`run.py`).
create temp table files as
with firsts as (
    select file, min(rowid) as first_rowid from customers group by file
    union all
    select file, min(rowid) as first_rowid from appointments group by file
    union all
    select file, min(rowid) as first_rowid from repair_orders group by file
    union all
    select file, min(rowid) as first_rowid from lines group by file
    union all
    select file, min(rowid) as first_rowid from css_responses group by file
    union all
    select file, min(rowid) as first_rowid from callbacks group by file
    union all
    select file, min(rowid) as first_rowid from cases group by file
)

select file, parse_filename(file) as source_file, first_rowid - 2 as before from firsts;

-- The one rule for whole rows that the files need: a status that nobody knows is no row.
delete from repair_orders where status is null or status not in ('open', 'completed', 'delivered', 'void');

-- Of the rows of one key the latest counts. Several stores can hold one vehicle: the latest tells what it is.
delete from customers using (
    select store_code, customer_no, max(rowid) as newest
    from customers
    group by all
    having count(*) > 1
) as again
where
    customers.store_code = again.store_code and customers.customer_no = again.customer_no
    and customers.rowid < again.newest;

delete from vehicles using (select vin, max(rowid) as newest from vehicles group by all having count(*) > 1) as again
where vehicles.vin = again.vin and vehicles.rowid < again.newest;

delete from appointments using (
    select store_code, appointment_no, max(rowid) as newest
    from appointments
    group by all
    having count(*) > 1
) as again
where
    appointments.store_code = again.store_code and appointments.appointment_no = again.appointment_no
    and appointments.rowid < again.newest;

delete from repair_orders using (
    select store_code, repair_order_no, max(rowid) as newest
    from repair_orders
    group by all
    having count(*) > 1
) as again
where
    repair_orders.store_code = again.store_code and repair_orders.repair_order_no = again.repair_order_no
    and repair_orders.rowid < again.newest;

delete from lines using (
    select store_code, repair_order_no, line_no, max(rowid) as newest
    from lines
    group by all
    having count(*) > 1
) as again
where
    lines.store_code = again.store_code and lines.repair_order_no = again.repair_order_no
    and lines.line_no = again.line_no and lines.rowid < again.newest;

delete from css_responses using (
    select response_no, item_code, max(rowid) as newest
    from css_responses
    group by all
    having count(*) > 1
) as again
where
    css_responses.response_no = again.response_no and css_responses.item_code = again.item_code
    and css_responses.rowid < again.newest;

delete from callbacks using (
    select store_code, callback_no, max(rowid) as newest
    from callbacks
    group by all
    having count(*) > 1
) as again
where
    callbacks.store_code = again.store_code and callbacks.callback_no = again.callback_no
    and callbacks.rowid < again.newest;

delete from callback_answers using (
    select store_code, callback_no, question_code, max(rowid) as newest
    from callback_answers
    group by all
    having count(*) > 1
) as again
where
    callback_answers.store_code = again.store_code and callback_answers.callback_no = again.callback_no
    and callback_answers.question_code = again.question_code and callback_answers.rowid < again.newest;

delete from churn_callbacks using (
    select store_code, callback_no, max(rowid) as newest
    from churn_callbacks
    group by all
    having count(*) > 1
) as again
where
    churn_callbacks.store_code = again.store_code and churn_callbacks.callback_no = again.callback_no
    and churn_callbacks.rowid < again.newest;

delete from cases using (
    select store_code, case_no, max(rowid) as newest
    from cases
    group by all
    having count(*) > 1
) as again
where cases.store_code = again.store_code and cases.case_no = again.case_no and cases.rowid < again.newest;

delete from case_events using (
    select store_code, case_no, event_no, max(rowid) as newest
    from case_events
    group by all
    having count(*) > 1
) as again
where
    case_events.store_code = again.store_code and case_events.case_no = again.case_no
    and case_events.event_no = again.event_no and case_events.rowid < again.newest;
