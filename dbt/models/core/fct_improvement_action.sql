-- Grain: one row per improvement action of a store; improvement_action holds its texts.
select
    store_code,
    action_no,
    period as month,
    department,
    {{ mask_personal('priority') }} as priority,
    {{ mask_personal('mot_item') }} as mot_item,
    owner_no,
    supervisor_no,
    due_on,
    completed_on,
    status,
    source_file,
    source_line
from {{ ref('stg_planning__improvement_actions') }}
