-- Canonical files straight into narrow typed tables: no check, no provenance, only the columns that the marts
-- need. Files are read in the order of their names and rows keep it, so that of two rows with one key the one with
-- the higher rowid is the later one. Values outside their scale read as null.
create table stores as
select distinct on (store_code) store_code, region_code, city_tier, brand
from read_csv(
    getvariable('landing') || '/dms/stores/*.csv', header = true, auto_detect = false, filename = true,
    columns = {
        store_code: 'varchar', store_name: 'varchar', region_code: 'varchar', region_name: 'varchar',
        city: 'varchar', city_tier: 'varchar', brand: 'varchar', opened_on: 'date'
    }
)
order by store_code, filename desc;

create table customers as
select store_code, customer_no, customer_type, gender, birth_year, occupation, registered_on
from read_csv(
    getvariable('landing') || '/dms/customers/*.csv', header = true, auto_detect = false,
    columns = {
        store_code: 'varchar', customer_no: 'varchar', customer_name: 'varchar', customer_type: 'varchar',
        gender: 'varchar', birth_year: 'smallint', occupation: 'varchar', phone: 'varchar', registered_on: 'date'
    }
);

delete from customers using (
    select store_code, customer_no, max(rowid) as newest
    from customers
    group by all
    having count(*) > 1
) as again
where
    customers.store_code = again.store_code and customers.customer_no = again.customer_no
    and customers.rowid < again.newest;

create table appointments as
select
    store_code, appointment_no, scheduled_at, initiated_by = 'store' as is_proactive, status, arrived_at,
    repair_order_no
from read_csv(
    getvariable('landing') || '/dms/appointments/*.csv', header = true, auto_detect = false,
    columns = {
        store_code: 'varchar', appointment_no: 'varchar', customer_no: 'varchar', vin: 'varchar',
        advisor_no: 'varchar', created_at: 'timestamp', scheduled_at: 'timestamp', channel: 'varchar',
        initiated_by: 'varchar', status: 'varchar', arrived_at: 'timestamp', repair_order_no: 'varchar'
    }
);

delete from appointments using (
    select store_code, appointment_no, max(rowid) as newest
    from appointments
    group by all
    having count(*) > 1
) as again
where
    appointments.store_code = again.store_code and appointments.appointment_no = again.appointment_no
    and appointments.rowid < again.newest;

create table repair_orders as
select
    store_code, repair_order_no, customer_no, vin, advisor_no, appointment_no, odometer_km,
    month_of(checked_in_at) as month, checked_in_at, order_signed_at, promised_at, delivered_at,
    status <> 'void' as counts, original_repair_order_no, quoted_amount, labour_amount, parts_amount, total_amount
from read_csv(
    getvariable('landing') || '/dms/repair_orders/*.csv', header = true, auto_detect = false,
    columns = {
        store_code: 'varchar', repair_order_no: 'varchar', customer_no: 'varchar', vin: 'varchar',
        advisor_no: 'varchar', appointment_no: 'varchar', service_type: 'varchar', odometer_km: 'integer',
        checked_in_at: 'timestamp', order_signed_at: 'timestamp', promised_at: 'timestamp',
        completed_at: 'timestamp', settled_at: 'timestamp', delivered_at: 'timestamp', status: 'varchar',
        original_repair_order_no: 'varchar', quoted_amount: 'decimal(10, 2)', labour_amount: 'decimal(10, 2)',
        parts_amount: 'decimal(10, 2)', total_amount: 'decimal(10, 2)'
    }
)
-- The one rule for whole rows that the files need: a status that nobody knows is no row.
where status in ('open', 'completed', 'delivered', 'void');

delete from repair_orders using (
    select store_code, repair_order_no, max(rowid) as newest
    from repair_orders
    group by all
    having count(*) > 1
) as again
where
    repair_orders.store_code = again.store_code and repair_orders.repair_order_no = again.repair_order_no
    and repair_orders.rowid < again.newest;

create table lines as
select
    store_code, repair_order_no, line_no, technician_no, nullif(trim(concern), '') as concern,
    if(labour_hours >= 0, labour_hours, null) as labour_hours, fixed_first_visit = 'N' as is_failed, not_fixed_reason
from read_csv(
    getvariable('landing') || '/dms/repair_order_lines/*.csv', header = true, auto_detect = false,
    columns = {
        store_code: 'varchar', repair_order_no: 'varchar', line_no: 'integer', technician_no: 'varchar',
        job_code: 'varchar', concern: 'varchar', labour_hours: 'decimal(8, 2)', labour_amount: 'decimal(10, 2)',
        parts_amount: 'decimal(10, 2)', fixed_first_visit: 'varchar', not_fixed_reason: 'varchar'
    }
);

delete from lines using (
    select store_code, repair_order_no, line_no, max(rowid) as newest
    from lines
    group by all
    having count(*) > 1
) as again
where
    lines.store_code = again.store_code and lines.repair_order_no = again.repair_order_no
    and lines.line_no = again.line_no and lines.rowid < again.newest;

create table css_responses as
select
    response_no, item_code, store_code, cast(period || '-01' as date) as month, repair_order_no, advisor_no,
    if(score between 0 and 150, score, null) as score
from read_csv(
    getvariable('landing') || '/survey/css_responses/*.csv', header = true, auto_detect = false,
    columns = {
        response_no: 'varchar', item_code: 'varchar', store_code: 'varchar', period: 'varchar',
        repair_order_no: 'varchar', advisor_no: 'varchar', score: 'decimal(8, 2)'
    }
);

delete from css_responses using (
    select response_no, item_code, max(rowid) as newest
    from css_responses
    group by all
    having count(*) > 1
) as again
where
    css_responses.response_no = again.response_no and css_responses.item_code = again.item_code
    and css_responses.rowid < again.newest;

create table callbacks as
select store_code, callback_no, advisor_no, interviewer_no, month_of(called_at) as month, outcome
from read_csv(
    getvariable('landing') || '/survey/callbacks/*.csv', header = true, auto_detect = false,
    columns = {
        store_code: 'varchar', callback_no: 'varchar', repair_order_no: 'varchar', customer_no: 'varchar',
        advisor_no: 'varchar', interviewer_no: 'varchar', called_at: 'timestamp', outcome: 'varchar'
    }
);

delete from callbacks using (
    select store_code, callback_no, max(rowid) as newest
    from callbacks
    group by all
    having count(*) > 1
) as again
where
    callbacks.store_code = again.store_code and callbacks.callback_no = again.callback_no
    and callbacks.rowid < again.newest;

create table callback_answers as
select store_code, callback_no, question_code, score
from read_csv(
    getvariable('landing') || '/survey/callback_answers/*.csv', header = true, auto_detect = false,
    columns = {
        store_code: 'varchar', callback_no: 'varchar', question_code: 'varchar', score: 'decimal(5, 2)',
        answer_text: 'varchar'
    }
);

delete from callback_answers using (
    select store_code, callback_no, question_code, max(rowid) as newest
    from callback_answers
    group by all
    having count(*) > 1
) as again
where
    callback_answers.store_code = again.store_code and callback_answers.callback_no = again.callback_no
    and callback_answers.question_code = again.question_code and callback_answers.rowid < again.newest;

create table churn_callbacks as
select store_code, callback_no, vin, cast(cohort_month || '-01' as date) as month, called_at, outcome, reason
from read_csv(
    getvariable('landing') || '/survey/churn_callbacks/*.csv', header = true, auto_detect = false,
    columns = {
        store_code: 'varchar', callback_no: 'varchar', vin: 'varchar', cohort_month: 'varchar',
        called_at: 'timestamp', outcome: 'varchar', reason: 'varchar'
    }
);

delete from churn_callbacks using (
    select store_code, callback_no, max(rowid) as newest
    from churn_callbacks
    group by all
    having count(*) > 1
) as again
where
    churn_callbacks.store_code = again.store_code and churn_callbacks.callback_no = again.callback_no
    and churn_callbacks.rowid < again.newest;

create table cases as
select
    store_code, case_no, case_type, channel, category, coalesce(topic, '') as topic, priority = 'urgent' as is_urgent,
    coalesce(responsible_department, '') as responsible_department,
    coalesce(responsible_employee_no, '') as responsible_employee_no, handler_no, received_at
from read_csv(
    getvariable('landing') || '/complaint/cases/*.csv', header = true, auto_detect = false, quote = '"',
    columns = {
        store_code: 'varchar', case_no: 'varchar', customer_no: 'varchar', vin: 'varchar',
        repair_order_no: 'varchar', case_type: 'varchar', channel: 'varchar', category: 'varchar',
        topic: 'varchar', priority: 'varchar', responsible_department: 'varchar',
        responsible_employee_no: 'varchar', handler_no: 'varchar', received_at: 'timestamp', description: 'varchar'
    }
);

delete from cases using (
    select store_code, case_no, max(rowid) as newest
    from cases
    group by all
    having count(*) > 1
) as again
where cases.store_code = again.store_code and cases.case_no = again.case_no and cases.rowid < again.newest;

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

delete from case_events using (
    select store_code, case_no, event_no, max(rowid) as newest
    from case_events
    group by all
    having count(*) > 1
) as again
where
    case_events.store_code = again.store_code and case_events.case_no = again.case_no
    and case_events.event_no = again.event_no and case_events.rowid < again.newest;
