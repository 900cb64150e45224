{#- What Spark does otherwise than DuckDB, and nothing else. Types are those of DuckDB everywhere in
    the project; here they get Spark's names. -#}

{#- Spark's name of a type. -#}
{% macro spark_type(type) -%}
    {%- set names = {'varchar': 'string', 'timestamp with time zone': 'timestamp'} -%}
    {{ return(names.get(type, type)) }}
{%- endmacro %}

{#- A text as a literal. -#}
{% macro spark_literal(text) -%}
    '{{ text | string | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}

{#- A folder of the build, as `pll` names it. -#}
{% macro spark_location(variable, name) -%}
    location {{ spark_literal(env_var(variable) ~ '/' ~ name) }}
{%- endmacro %}

{#- Settings of the session that the figures depend on. The profile asks for them; a session that
    has others is refused. -#}
{% macro spark_settings() -%}
    {{ return({
        'spark.sql.session.timeZone': 'UTC',
        'spark.sql.parquet.outputTimestampType': 'TIMESTAMP_MICROS',
        'spark.sql.parser.escapedStringLiterals': 'false',
        'spark.sql.ansi.enabled': 'true',
    }) }}
{%- endmacro %}

{#- Before the build: the settings are read back, and the landed files become tables. A model in
    Python runs outside the engine: what it gave is landed for the build of its readers. -#}
{% macro spark__prepare_engine() -%}
    {%- do require_spark_settings() -%}
    {%- if env_var('PLL_FITTED_DIR', '') -%}
        {%- do land_fitted() -%}
    {%- else -%}
        {%- do land_sources() -%}
    {%- endif -%}
{%- endmacro %}

{% macro land_sources() -%}
    {%- for source in graph.sources.values() -%}
        {%- do run_query('create schema if not exists ' ~ source.schema) -%}
        {%- do land_in_spark(source.relation_name, 'PLL_LANDED_DIR', source.name) -%}
    {%- endfor -%}
{%- endmacro %}

{% macro land_fitted() -%}
    {%- for node in graph.nodes.values() if node.language == 'python' -%}
        {%- do land_in_spark(node.relation_name, 'PLL_FITTED_DIR', node.name) -%}
    {%- endfor -%}
{%- endmacro %}

{% macro land_in_spark(relation_name, variable, name) -%}
    {%- do run_query('drop table if exists ' ~ relation_name) -%}
    {%- do run_query(
        'create table ' ~ relation_name ~ ' using parquet ' ~ spark_location(variable, name)
    ) -%}
{%- endmacro %}

{% macro require_spark_settings() -%}
    {%- for name, value in spark_settings().items() -%}
        {%- set is = run_query('set ' ~ name).rows[0][1] -%}
        {%- if is | lower != value | lower -%}
            {%- do exceptions.raise_compiler_error(
                'The session of Spark has ' ~ name ~ ' = ' ~ is ~ ', and the figures need ' ~ value
                ~ ': allow sessions to set it'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{#- Files of tables are in the folder of the build, where they are fetched from. -#}
{% macro spark__location_clause() -%}
    {{ spark_location('PLL_TABLES_DIR', model.alias) }}
{%- endmacro %}

{% macro spark__file_format_clause() -%}
    using parquet
{%- endmacro %}

{#- DuckDB writes the file of a count; here the rows are counted when tables are fetched. -#}
{% macro spark__keep_row_count() -%}
{%- endmacro %}

{% macro spark__create_csv_table(model, agate_table) -%}
    {%- set types = model.config.column_types -%}
    {%- set sql -%}
        create table {{ this.render() }} (
        {%- for column in agate_table.column_names -%}
            {{ column }} {{ spark_type(types[column]) }}{{ ', ' if not loop.last }}
        {%- endfor -%}
        ) {{ spark__file_format_clause() }} {{ spark__location_clause() }}
    {%- endset -%}
    {%- call statement('_') -%}{{ sql }}{%- endcall -%}
    {{ return(sql) }}
{%- endmacro %}

{#- The adapter's own macro writes the word None for an empty cell, and breaks at an apostrophe. -#}
{% macro spark__load_csv_rows(model, agate_table) -%}
    {%- set types = model.config.column_types -%}
    {%- set typed = [] -%}
    {%- for column in agate_table.column_names -%}
        {%- do typed.append(spark_cast(column, types[column])) -%}
    {%- endfor -%}
    {%- set rows = [] -%}
    {%- for row in agate_table.rows -%}
        {%- do rows.append(spark_row(row)) -%}
    {%- endfor -%}
    {%- set sql = 'insert into ' ~ this.render() ~ ' select ' ~ typed | join(', ')
        ~ ' from values ' ~ rows | join(', ')
        ~ ' as seed (' ~ agate_table.column_names | join(', ') ~ ')' -%}
    {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {{ return(sql) }}
{%- endmacro %}

{% macro spark_cast(column, type, value=none) -%}
    cast({{ value or column }} as {{ spark_type(type) }}) as {{ column }}
{%- endmacro %}

{% macro spark_row(cells) -%}
    {%- set literals = [] -%}
    {%- for cell in cells -%}
        {%- do literals.append('null' if cell is none else spark_literal(cell)) -%}
    {%- endfor -%}
    ({{ literals | join(', ') }})
{%- endmacro %}

{% macro spark__get_empty_schema_sql(columns) -%}
    {%- set empty = [] -%}
    {%- for column in columns.values() -%}
        {%- do empty.append(spark_cast(column.name, column.data_type, 'null')) -%}
    {%- endfor -%}
    select {{ empty | join(', ') }}
{%- endmacro %}

{#- Parquet has no constraints: empty cells are counted once the table is there. -#}
{% macro spark__persist_constraints(relation, model) -%}
    {%- set never_empty = [] -%}
    {%- for column in model.columns.values() -%}
        {%- for constraint in column.constraints if constraint.type == 'not_null' -%}
            {%- do never_empty.append(column.name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if never_empty -%}
        {%- set counts = run_query(
            'select ' ~ spark_empty_cells(never_empty) ~ ' from ' ~ relation
        ).rows[0] -%}
        {%- for name in never_empty if counts[name] -%}
            {%- do exceptions.raise_compiler_error(
                relation ~ ': ' ~ name ~ ' is empty in ' ~ counts[name] ~ ' rows'
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% macro spark_empty_cells(columns) -%}
    {%- for column in columns -%}
        count(case when {{ column }} is null then 1 end) as {{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- Spark before version 4 has no ordered text of a group. -#}
{% macro spark__joined_text(column) -%}
    array_join(array_sort(collect_list({{ column }})), '; ')
{%- endmacro %}
