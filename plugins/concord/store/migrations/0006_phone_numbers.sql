-- How each spelling of a phone number was read. A spelling is read once per version of the library that reads it.
create table ops.phone_numbers (
    spelling text not null,
    country_code text not null,
    e164 text,
    extension text,
    reason text,
    read_by text not null,
    primary key (spelling, country_code),
    check ((e164 is null) = (reason is not null))
);
comment on table ops.phone_numbers is
'Phone numbers as people write them: the country of the record (empty when it is not known), the number as E.164 with its
extension apart, or the reason why the spelling is not one valid number.';
grant select, insert, update on ops.phone_numbers to concord_planner;
grant select on ops.phone_numbers to concord_transformer;
