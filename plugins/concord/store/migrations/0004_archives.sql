-- A record can be archived by plan: a change of its own kind, which a person approves unless a policy names it.
alter table ops.changes drop constraint changes_action_check;
alter table ops.changes add constraint changes_action_check check (action in ('create', 'update', 'archive'));
