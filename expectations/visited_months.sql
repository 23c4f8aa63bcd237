-- The months in which a store has repair orders; other datasets are expected to have rows of them too.
create or replace temp view visited_months as
select distinct store_code, cast(date_trunc('month', checked_in_at) as date) as month
from accepted__dms__repair_orders
-- Earlier check-ins are mistyped or no date: `checked_in_since_1990` names them.
where status <> 'void' and checked_in_at >= timestamp '1990-01-01 00:00:00';
