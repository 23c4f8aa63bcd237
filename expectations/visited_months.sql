-- The months in which a store has repair orders: what other datasets should bring rows of, too.
create or replace temp view visited_months as
select distinct store_code, cast(date_trunc('month', checked_in_at) as date) as month
from accepted__dms__repair_orders
where status <> 'void';
