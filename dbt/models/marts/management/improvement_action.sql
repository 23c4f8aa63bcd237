-- Grain: one row per improvement action of a store.
with actions as (
    select
        store_code,
        action_no,
        period,
        department,
        {{ mask_personal('priority') }} as priority,
        {{ mask_personal('problem') }} as problem,
        {{ mask_personal('measure') }} as measure,
        {{ mask_personal('mot_item') }} as mot_item,
        owner_no,
        supervisor_no,
        due_on,
        completed_on,
        status,
        {{ mask_personal('evidence') }} as evidence,
        status <> 'done' and due_on < {{ as_of() }} as is_overdue,
        cast(
            {{ dbt.datediff('due_on', as_of(), 'day') }} as bigint
        ) as days_past_due
    from {{ ref('stg_planning__improvement_actions') }}
),

-- Managers write the item's code or its Chinese name.
linked_items as (
    select
        item_code,
        item_name_zh
    from {{ ref('mot_items') }}
),

item_scores as (
    select
        store_code,
        month,
        item_code,
        score
    from {{ ref('css_item_monthly') }}
)

select
    actions.store_code,
    actions.action_no,
    actions.period,
    actions.department,
    actions.priority,
    actions.problem,
    actions.measure,
    actions.mot_item,
    actions.owner_no,
    actions.supervisor_no,
    actions.due_on,
    actions.completed_on,
    actions.status,
    actions.evidence,
    case when actions.is_overdue then 'overdue' else actions.status end as status_now,
    case when actions.is_overdue then actions.days_past_due else 0 end as days_overdue,
    previous_scores.score as previous_item_score,
    scores.score as item_score,
    next_scores.score as next_item_score
from actions
left join linked_items
    on
        lower(actions.mot_item) = linked_items.item_code
        or actions.mot_item = linked_items.item_name_zh
left join item_scores as previous_scores
    on
        actions.store_code = previous_scores.store_code
        and linked_items.item_code = previous_scores.item_code
        and cast({{ add_months('actions.period', -1) }} as date) = previous_scores.month
left join item_scores as scores
    on
        actions.store_code = scores.store_code
        and linked_items.item_code = scores.item_code
        and actions.period = scores.month
left join item_scores as next_scores
    on
        actions.store_code = next_scores.store_code
        and linked_items.item_code = next_scores.item_code
        and cast({{ add_months('actions.period', 1) }} as date) = next_scores.month
