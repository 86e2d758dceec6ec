"""a reason of refusals: it does not fit its neighbours

Revision ID: 0007
Revises: 0006
"""
import re

from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

REASONS = (
    'wide_overlap', 'wide_gap', 'not_nested', 'over_community', 'displacement', 'atom', 'not_levelled', 'failed',
)


def _restrict(reasons: tuple[str, ...]) -> None:
    known = "reason IN (%s)" % ", ".join(f"'{reason}'" for reason in reasons)
    name = 'ck_refusal_reason_known'
    bind = op.get_bind()
    if bind.dialect.name != 'sqlite':
        op.drop_constraint(op.f(name), 'refusal', type_='check')
        op.create_check_constraint(op.f(name), 'refusal', known)
        return
    # SQLite changes no constraint, and a batch knows nothing of a GeoPackage's geometry types: copy the table
    told = "SELECT sql FROM sqlite_master WHERE tbl_name = 'refusal' AND sql IS NOT NULL AND type = '%s'"
    table = bind.exec_driver_sql(told % 'table').scalar_one()
    rest = bind.exec_driver_sql(told % 'index').scalars().all()
    rest += bind.exec_driver_sql(told % 'trigger').scalars().all()
    bind.exec_driver_sql('ALTER TABLE refusal RENAME TO refusal_before')
    bind.exec_driver_sql(re.sub(r'(CONSTRAINT %s CHECK) \(.*\)' % name, r'\1 (%s)' % known, table))
    bind.exec_driver_sql('INSERT INTO refusal SELECT * FROM refusal_before')
    bind.exec_driver_sql('DROP TABLE refusal_before')
    for statement in rest:
        bind.exec_driver_sql(statement)


def upgrade() -> None:
    _restrict((*REASONS, 'coverage'))


def downgrade() -> None:
    op.execute("DELETE FROM refusal WHERE reason = 'coverage'")
    _restrict(REASONS)
