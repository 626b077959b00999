-- What a record that was set aside says, in our names and as it was received: by it the record is told from others.
alter table ops.dead_letters add column fields jsonb;
