"""findings, and what an alignment moves, relates and refuses

Revision ID: 0002
Revises: 0001
"""
import sqlalchemy as sa
from alembic import op
from models.base import Moment
from models.geometry import Geometry

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

FINDINGS = "'invalid', 'duplicate_id', 'overlap', 'gap', 'sliver', 'two_communities', 'over_community', 'nesting', 'building_cut', 'building_outside'"
OF_A_PLAN = ['move', 'refusal', 'relation']


def upgrade() -> None:
    # SQLite adds a column with a reference in place; to alter a constraint it would have to copy the table.
    op.execute('ALTER TABLE plan ADD COLUMN restores_id INTEGER CONSTRAINT fk_plan_restores_id_plan REFERENCES plan (id)')
    op.execute('ALTER TABLE plan ADD COLUMN choices TEXT')
    op.create_index(op.f('ix_plan_restores_id'), 'plan', ['restores_id'], unique=False)
    op.create_table('inspection',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('tolerance_m', sa.Double(), nullable=False),
    sa.Column('finding_count', sa.Integer(), nullable=False),
    sa.Column('checked_at', Moment(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inspection'))
    )
    op.create_index(op.f('ix_inspection_area_code'), 'inspection', ['area_code'], unique=True)
    op.create_table('finding',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('layer', sa.Text(), nullable=False),
    sa.Column('codes', sa.Text(), nullable=False),
    sa.Column('area_m2', sa.Double(), nullable=True),
    sa.Column('length_m', sa.Double(), nullable=True),
    sa.Column('geometry', Geometry('GEOMETRY'), nullable=True),
    sa.CheckConstraint(f"kind IN ({FINDINGS})", name=op.f('ck_finding_kind_known')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_finding'))
    )
    op.create_index(op.f('ix_finding_area_code'), 'finding', ['area_code'], unique=False)
    op.create_table('move',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('layer', sa.Text(), nullable=False),
    sa.Column('from_code', sa.Text(), nullable=True),
    sa.Column('to_code', sa.Text(), nullable=True),
    sa.Column('area_m2', sa.Double(), nullable=False),
    sa.Column('households', sa.Double(), nullable=True),
    sa.Column('displacement_m', sa.Double(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('accepted', sa.Boolean(), server_default='1', nullable=False),
    sa.Column('geometry', Geometry('GEOMETRY'), nullable=True),
    sa.CheckConstraint("reason IN ('levelled', 'wide', 'cut_back', 'decided')", name=op.f('ck_move_reason_known')),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_move_plan_id_plan')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_move'))
    )
    op.create_table('refusal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('layer', sa.Text(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('step', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('needed_m', sa.Double(), nullable=True),
    sa.Column('detail', sa.Text(), nullable=True),
    sa.Column('geometry', Geometry('GEOMETRY'), nullable=True),
    sa.CheckConstraint("step IN ('repaired', 'as_drawn')", name=op.f('ck_refusal_step_known')),
    sa.CheckConstraint("reason IN ('wide_overlap', 'wide_gap', 'not_nested', 'over_community', 'displacement', 'atom', 'failed')", name=op.f('ck_refusal_reason_known')),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_refusal_plan_id_plan')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refusal'))
    )
    op.create_table('relation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('compound_code', sa.Text(), nullable=False),
    sa.Column('grid_code', sa.Text(), nullable=False),
    sa.Column('overlap_case', sa.Text(), nullable=False),
    sa.Column('share_of_compound', sa.Double(), nullable=False),
    sa.Column('share_of_grid', sa.Double(), nullable=False),
    sa.Column('households', sa.Double(), nullable=True),
    sa.Column('structure', sa.Text(), nullable=True),
    sa.CheckConstraint("overlap_case IN ('compound_larger', 'grid_larger', 'comparable', 'review')", name=op.f('ck_relation_overlap_case_known')),
    sa.CheckConstraint("structure IN ('compound_over_grids', 'grid_over_compounds', 'joint_branch')", name=op.f('ck_relation_structure_known')),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_relation_plan_id_plan')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_relation'))
    )
    for table in OF_A_PLAN:
        op.create_index(op.f(f'ix_{table}_area_code'), table, ['area_code'], unique=False)
        op.create_index(op.f(f'ix_{table}_plan_id'), table, ['plan_id'], unique=False)


def downgrade() -> None:
    for table in [*OF_A_PLAN, 'finding', 'inspection']:
        op.drop_table(table)
    op.drop_index(op.f('ix_plan_restores_id'), 'plan')
    op.drop_column('plan', 'choices')
    op.drop_column('plan', 'restores_id')
