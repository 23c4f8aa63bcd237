-- Grain: one row per case received on the extract's days.
select
    store_code,
    case_no,
    customer_no,
    vin,
    repair_order_no,
    pick(visit, 'case type', ['enquiry', 'dissatisfaction', 'complaint']) as case_type,
    pick(
        visit, 'case channel',
        ['phone', 'email', 'online_chat', 'wechat', 'app', 'walk_in', 'social_media', 'oem_hotline']
    ) as channel,
    pick(
        visit, 'category', ['quality', 'time', 'cost', 'parts', 'attitude', 'vehicle', 'claim', 'other']
    ) as category,
    pick(visit, 'topic', ['product', 'after_sales', 'quality', 'contract']) as topic,
    if(share(visit, 'urgent') < 0.1, 'urgent', 'normal') as priority,
    'workshop' as responsible_department,
    if(
        share(visit, 'responsible') < 0.8, format('T{:02d}', 1 + draw(visit, 'responsible number', 16)), null
    ) as responsible_employee_no,
    if(is_faulty(visit, 'handler'), 'X99', handler_no) as handler_no,
    received_at,
    pick(
        visit, 'description', ['等待时间太长, 希望改进', '维修后仍有异响', '费用与报价不符', '咨询保养周期']
    ) as description
from complaints
