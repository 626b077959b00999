-- Of each resource only the newest list of keys is kept: an older one says nothing that the newest does not say.
update ops.batches set is_key_list_complete = false
where is_key_list_complete and exists (
    select from ops.batches as newer
    where newer.system = batches.system and newer.resource = batches.resource and newer.is_key_list_complete
        and (upper(newer.covered_window), newer.landed_at) > (upper(batches.covered_window), batches.landed_at)
);
delete from ops.listed_keys
where not exists (
    select from ops.batches where batches.batch_id = listed_keys.batch_id and batches.is_key_list_complete
);
-- No table can be altered while checks of the update are pending.
set constraints all immediate;
set constraints all deferred;

-- The counts of a batch and of a plan are checked when they are written, and not when something else of them is.
drop trigger batches_match_dispositions on ops.batches;
create constraint trigger batches_match_dispositions
after insert or update of state, received, validated, quarantined, repeated on ops.batches
deferrable initially deferred
for each row execute function ops.refuse_unbalanced_batch();
drop trigger plans_match_changes on ops.plans;
create constraint trigger plans_match_changes
after insert or update of state, planned, confirmed, rejected, conflicted, unknown, held on ops.plans
deferrable initially deferred
for each row execute function ops.refuse_unbalanced_plan();
