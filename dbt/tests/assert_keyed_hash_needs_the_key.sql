-- Why: without the secret nobody must be able to find a published key by hashing every possible number. And keys must
-- be the same on every engine, or one customer would have several.
with hashed as (
    select
        {{ keyed_hash("'VIN1'", "'secret'") }} as hash_of_value,
        {{ keyed_hash("'VIN1'", "'other secret'") }} as hash_of_other_key,
        {{ keyed_hash("'VIN2'", "'secret'") }} as hash_of_other_value,
        {{ keyed_hash('cast(null as string)', "'secret'") }} as hash_of_nothing
)

select
    hash_of_value,
    hash_of_other_key
from hashed
where
    hash_of_value is distinct from '6621ea56eee113e1b29eae830d06c9bd'
    or hash_of_value is not distinct from hash_of_other_key
    or hash_of_value is not distinct from hash_of_other_value
    or hash_of_nothing is not null
