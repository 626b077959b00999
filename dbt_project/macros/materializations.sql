{# How a table and a view are built: in one statement each, where dbt's own way sends eight and
   makes macros of them. What is built stands beside the old one until it is whole, with its
   constraints and statistics, and takes its place in one transaction. A narrow build fills the
   table that is there, so that the views over it stand. #}
{% materialization table, adapter='postgres' %}

    {% set target = this.incorporate(type='table') %}
    {% set fresh = make_intermediate_relation(target) %}
    {{ concord_hooks(pre_hooks, inside_transaction=False) }}
    {{ concord_hooks(pre_hooks, inside_transaction=True) }}
    {% if is_narrow() %}
        {% call statement('main') %}
            {{ concord_filled_narrowly(target, fresh, sql) }}
        {% endcall %}
        {{ concord_hooks(post_hooks, inside_transaction=True) }}
        {{ adapter.commit() }}
        {{ concord_hooks(post_hooks, inside_transaction=False) }}
        {{ return({'relations': [target]}) }}
    {% endif %}
    {% call statement('main') %}
        drop table if exists {{ fresh }} cascade;
        {{ concord_filled_table(fresh, sql) }}
        {{ concord_constraints(fresh) }}
        {{ concord_touched_indexes(fresh) }}
        analyze {{ fresh }};
        {{ concord_drop(this) }}
        alter table {{ fresh }} rename to {{ adapter.quote(target.identifier) }};
    {% endcall %}
    {{ concord_finish(target) }}
    {{ return({'relations': [target]}) }}

{% endmaterialization %}


{% materialization view, adapter='postgres' %}

    {% set target = this.incorporate(type='view') %}
    {{ concord_hooks(pre_hooks, inside_transaction=False) }}
    {{ concord_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') %}
        {{ concord_drop(this) }}
        {{ get_create_view_as_sql(target, sql) }};
    {% endcall %}
    {{ concord_finish(target) }}
    {{ return({'relations': [target]}) }}

{% endmaterialization %}


{% macro concord_hooks(hooks, inside_transaction) %}
    {% if hooks %}{{ run_hooks(hooks, inside_transaction=inside_transaction) }}{% endif %}
{% endmacro %}


{# A table without its constraints, which are cheaper once its rows are there. A contract gives
   its columns their types; a column that the model does not have is an error of PostgreSQL. #}
{% macro concord_filled_table(relation, sql) %}
{{ concord_joins() }}
{{ config.get('sql_header') or '' }}
create {{ 'unlogged' if config.get('unlogged') }} table {{ relation }}
{% if config.get('contract').enforced %}
{% set names = concord_column_names() %}
(
    {% for column in model.columns.values() %}
    {{ names[loop.index0] }} {{ column.data_type }}{{ ',' if not loop.last }}
    {% endfor %}
);
{{ concord_inserted(relation, sql) }}
{% else %}
as
{{ concord_imported(sql) }};
{% endif %}
{% endmacro %}


{# PostgreSQL knows little of tables that were just built and of what was computed of them, takes
   few rows for many, and a loop over them for a join. A model that `looks_up` what is kept may
   loop where a build works on little. #}
{% macro concord_joins() %}
{% if config.get('meta', {}).get('looks_up') %}
select set_config('enable_nestloop', is_narrow::text, true) from ops.scope;
{% else %}
set local enable_nestloop = off;
{% endif %}
{% endmacro %}


{# In place of the rows of what was touched come those that were built; all others stay, also those
   of records that models see only as parts of a whole. A model that is not kept holds nothing but
   what the build works on. #}
{% macro concord_filled_narrowly(target, fresh, sql) %}
{% set ways = touched_ways(model) %}
{% if ways %}
drop table if exists {{ fresh }} cascade;
{{ concord_filled_table(fresh, sql) }}
analyze {{ fresh }};
set local enable_nestloop = on;
{% for way in ways %}
delete from {{ target }} where {{ way }};
{% endfor %}
{{ concord_inserted(target, 'select * from ' ~ fresh ~ ' where ' ~ ways | join(' or ')) }}
drop table {{ fresh }};
{% else %}
{{ concord_joins() }}
{{ config.get('sql_header') or '' }}
truncate {{ target }};
{{ concord_inserted(target, sql) }}
analyze {{ target }};
{% endif %}
{% endmacro %}


{# The indexes by which those rows are found; a key of the table may be one already. #}
{% macro concord_touched_indexes(relation) %}
{% set keys = [] %}
{% for constraint in model.constraints if constraint.columns %}
{% do keys.append(constraint.columns[0]) %}
{% endfor %}
{% for column in model.columns.values() %}
{% for constraint in column.constraints if constraint.type in ('primary_key', 'unique') %}
{% do keys.append(column.name) %}
{% endfor %}
{% endfor %}
{% for index in touched_indexes(model) if index not in keys %}
create index on {{ relation }} {{ index if '(' in index else '(' ~ index ~ ')' }};
{% endfor %}
{% endmacro %}


{% macro concord_inserted(relation, sql) %}
{% if config.get('contract').enforced %}
{% set names = concord_column_names() %}
insert into {{ relation }} ({{ names | join(', ') }})
select {{ names | join(', ') }} from (
{{ concord_imported(sql) }}
) as contracted;
{% else %}
insert into {{ relation }}
{{ concord_imported(sql) }};
{% endif %}
{% endmacro %}


{# What a model imports, `name as (select * from another)`, is that other by a shorter name:
   PostgreSQL would copy it to the disk where the model reads it twice. #}
{% macro concord_imported(sql) %}
{% set imported = '\\bas\\s*\\((\\s*select \\* from "[^"]+"\\."[^"]+"\\."[^"]+"\\s)' %}
{{ return(modules.re.sub(imported, 'as not materialized (\\1', sql)) }}
{% endmacro %}


{% macro concord_column_names() %}
{% set names = [] %}
{% for column in model.columns.values() %}
{% do names.append(adapter.quote(column.name) if column.quote else column.name) %}
{% endfor %}
{{ return(names) }}
{% endmacro %}


{# The constraints of a model and of its columns, as dbt has them in its YAML. #}
{% macro concord_constraints(relation) %}
{% for constraint in model.constraints %}
{{ concord_constraint(relation, constraint, constraint.columns) }}
{% endfor %}
{% for column in model.columns.values() %}
{% for constraint in column.constraints %}
{{ concord_constraint(relation, constraint, [column.name]) }}
{% endfor %}
{% endfor %}
{% endmacro %}


{% macro concord_constraint(relation, constraint, columns) %}
{% set kinds = {'primary_key': 'primary key', 'unique': 'unique'} %}
{% if constraint.type == 'not_null' %}
{% for column in columns %}
alter table {{ relation }} alter column {{ column }} set not null;
{% endfor %}
{% elif constraint.type == 'check' %}
alter table {{ relation }} add check ({{ constraint.expression }});
{% elif constraint.type in kinds %}
alter table {{ relation }} add {{ kinds[constraint.type] }} ({{ columns | join(', ') }});
{% else %}
{% do exceptions.raise_compiler_error(
    "A constraint of " ~ model.name ~ " is of the type " ~ constraint.type
    ~ "; there are primary_key, unique, not_null and check."
) %}
{% endif %}
{% endmacro %}


{# What stands under a name goes, a table or a view, with the views over it. #}
{% macro concord_drop(relation) %}
{% set standing = load_cached_relation(relation) %}
drop {{ standing.type if standing else 'table' }} if exists {{ relation }} cascade;
{% endmacro %}


{# What a business may have set for a model of its own: indexes, hooks, grants, descriptions. #}
{% macro concord_finish(target) %}
    {% if config.get('indexes') %}{% do create_indexes(target) %}{% endif %}
    {{ concord_hooks(post_hooks, inside_transaction=True) }}
    {% if config.get('grants') %}{% do apply_grants(target, config.get('grants')) %}{% endif %}
    {% if config.get('persist_docs') %}{% do persist_docs(target, model) %}{% endif %}
    {{ adapter.commit() }}
    {{ concord_hooks(post_hooks, inside_transaction=False) }}
{% endmacro %}
