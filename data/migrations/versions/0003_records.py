"""requests; the place of claims and ratings; where records lay before; posts of grids

Revision ID: 0003
Revises: 0002
"""
import sqlalchemy as sa
from alembic import op
from models.base import Moment
from models.records import Cell

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

PLACES = "'point', 'building', 'compound', 'grid', 'area', 'nowhere'"
POSTS = "'cadre', 'secretary', 'police', 'member', 'volunteer'"
PLACED = ['claim', 'rating']


def upgrade() -> None:
    op.create_table('request',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.Text(), nullable=True),
    sa.Column('kind', sa.Text(), nullable=True),
    sa.Column('responsible_body', sa.Text(), nullable=True),
    sa.Column('asked_at', Moment(), nullable=False),
    sa.Column('due_at', Moment(), nullable=True),
    sa.Column('responded_at', Moment(), nullable=True),
    sa.Column('done_at', Moment(), nullable=True),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('place', sa.Text(), server_default='area', nullable=False),
    sa.Column('compound_id', sa.Integer(), nullable=True),
    sa.Column('grid_id', sa.Integer(), nullable=True),
    sa.Column('micro_grid_id', sa.Integer(), nullable=True),
    sa.Column('building_id', sa.Integer(), nullable=True),
    sa.Column('lon', sa.Double(), nullable=True),
    sa.Column('lat', sa.Double(), nullable=True),
    sa.Column('cell', Cell, nullable=True),
    sa.Column('source_id', sa.Integer(), nullable=True),
    sa.CheckConstraint(f"place IN ({PLACES})", name=op.f('ck_request_place_known')),
    sa.CheckConstraint("done_at IS NULL OR done_at >= asked_at", name=op.f('ck_request_done_after_asked')),
    sa.CheckConstraint("responded_at IS NULL OR responded_at >= asked_at", name=op.f('ck_request_responded_after_asked')),
    sa.ForeignKeyConstraint(['compound_id'], ['compound.id'], name=op.f('fk_request_compound_id_compound')),
    sa.ForeignKeyConstraint(['grid_id'], ['grid.id'], name=op.f('fk_request_grid_id_grid')),
    sa.ForeignKeyConstraint(['micro_grid_id'], ['micro_grid.id'], name=op.f('fk_request_micro_grid_id_micro_grid')),
    sa.ForeignKeyConstraint(['building_id'], ['building.id'], name=op.f('fk_request_building_id_building')),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_request_source_id_source')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_request'))
    )
    for column in ('code', 'asked_at', 'area_code', 'compound_id'):
        op.create_index(op.f(f'ix_request_{column}'), 'request', [column], unique=False)
    op.create_table('former_place',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('table_name', sa.Text(), nullable=False),
    sa.Column('record_id', sa.Integer(), nullable=False),
    sa.Column('layer', sa.Text(), nullable=False),
    sa.Column('code', sa.Text(), nullable=True),
    sa.Column('plan_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_former_place_plan_id_plan')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_former_place')),
    sa.UniqueConstraint('table_name', 'layer', 'record_id', name=op.f('uq_former_place_table_name_layer_record_id'))
    )
    op.create_index(op.f('ix_former_place_plan_id'), 'former_place', ['plan_id'], unique=False)
    op.create_table('grid_post',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('grid_id', sa.Integer(), nullable=False),
    sa.Column('post', sa.Text(), nullable=False),
    sa.CheckConstraint(f"post IN ({POSTS})", name=op.f('ck_grid_post_post_known')),
    sa.ForeignKeyConstraint(['grid_id'], ['grid.id'], name=op.f('fk_grid_post_grid_id_grid')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_grid_post'))
    )
    for column in ('area_code', 'grid_id'):
        op.create_index(op.f(f'ix_grid_post_{column}'), 'grid_post', [column], unique=False)
    # SQLite adds a column with a reference or a check in place, where it is written with it.
    for table in PLACED:
        for column in ('grid', 'micro_grid', 'building', 'source'):
            op.execute(f'ALTER TABLE {table} ADD COLUMN {column}_id INTEGER'
                       f' CONSTRAINT fk_{table}_{column}_id_{column} REFERENCES {column} (id)')
        op.execute(f"ALTER TABLE {table} ADD COLUMN place TEXT NOT NULL DEFAULT 'area'"
                   f" CONSTRAINT ck_{table}_place_known CHECK (place IN ({PLACES}))")
        for column in (sa.Column('lon', sa.Double()), sa.Column('lat', sa.Double()), sa.Column('cell', Cell)):
            op.add_column(table, column)
        op.execute(f'ALTER TABLE {table} ADD COLUMN request_id INTEGER'
                   f' CONSTRAINT fk_{table}_request_id_request REFERENCES request (id)')
        op.create_index(op.f(f'ix_{table}_request_id'), table, ['request_id'], unique=False)
        op.execute(f"UPDATE {table} SET place = 'compound' WHERE compound_id IS NOT NULL")
    op.add_column('claim', sa.Column('code', sa.Text()))
    op.create_index(op.f('ix_claim_code'), 'claim', ['code'], unique=False)


def downgrade() -> None:
    op.drop_table('former_place')
    op.drop_table('grid_post')
    for table in PLACED:
        with op.batch_alter_table(table) as batch:
            batch.drop_index(op.f(f'ix_{table}_request_id'))
            if table == 'claim':
                batch.drop_index(op.f('ix_claim_code'))
                batch.drop_column('code')
            batch.drop_constraint(f'ck_{table}_place_known', type_='check')
            for column in ('request', 'grid', 'micro_grid', 'building', 'source'):
                batch.drop_column(f'{column}_id')
            for column in ('place', 'lon', 'lat', 'cell'):
                batch.drop_column(column)
    op.drop_table('request')
