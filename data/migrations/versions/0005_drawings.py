"""micro-grids of a community while they are drawn

Revision ID: 0005
Revises: 0004
"""
import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('drawing',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('cells', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_drawing_plan_id_plan')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_drawing')),
    sa.UniqueConstraint('plan_id', name=op.f('uq_drawing_plan_id'))
    )
    op.create_index(op.f('ix_drawing_area_code'), 'drawing', ['area_code'], unique=False)


def downgrade() -> None:
    op.drop_table('drawing')
