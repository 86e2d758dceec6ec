"""plans of the organisation tree beside those of boundaries

Revision ID: 0006
Revises: 0005
"""
import re

from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

KINDS = ('import', 'alignment', 'proposal', 'drawing')


def _restrict(kinds: tuple[str, ...]) -> None:
    known = "kind IN (%s)" % ", ".join(f"'{kind}'" for kind in kinds)
    name = 'ck_plan_kind_known'
    bind = op.get_bind()
    if bind.dialect.name != 'sqlite':
        op.drop_constraint(op.f(name), 'plan', type_='check')
        op.create_check_constraint(op.f(name), 'plan', known)
        return
    # SQLite changes no constraint. Other tables name this one: renaming it would turn their keys to the copy,
    # so it is dropped and made anew under its name, with the keys checked at the end of the transaction.
    told = "SELECT sql FROM sqlite_master WHERE tbl_name = 'plan' AND sql IS NOT NULL AND type = '%s'"
    table = bind.exec_driver_sql(told % 'table').scalar_one()
    rest = bind.exec_driver_sql(told % 'index').scalars().all()
    rest += bind.exec_driver_sql(told % 'trigger').scalars().all()
    bind.exec_driver_sql('PRAGMA defer_foreign_keys = ON')
    bind.exec_driver_sql('CREATE TEMPORARY TABLE plan_before AS SELECT * FROM plan')
    bind.exec_driver_sql('DROP TABLE plan')
    bind.exec_driver_sql(re.sub(r'(CONSTRAINT %s CHECK) \(.*\)' % name, r'\1 (%s)' % known, table))
    bind.exec_driver_sql('INSERT INTO plan SELECT * FROM plan_before')
    bind.exec_driver_sql('DROP TABLE plan_before')
    for statement in rest:
        bind.exec_driver_sql(statement)


def upgrade() -> None:
    _restrict((*KINDS, 'structure'))


def downgrade() -> None:
    op.execute("DELETE FROM change WHERE plan_id IN (SELECT id FROM plan WHERE kind = 'structure')")
    op.execute("DELETE FROM plan WHERE kind = 'structure'")
    _restrict(KINDS)
