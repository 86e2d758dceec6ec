"""the first tables

Revision ID: 0001
Revises: 
"""
import sqlalchemy as sa
from alembic import op
from models.base import Moment
from models.geometry import Geometry

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None

SPATIAL = ['area', 'assist_point', 'building', 'canteen', 'compound', 'entrance', 'green', 'grid', 'micro_grid', 'road', 'station', 'water']


def upgrade() -> None:
    op.create_table('account',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('username', sa.Text(), nullable=False),
    sa.Column('display_name', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('scope', sa.Text(), server_default='', nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=True),
    sa.Column('active', sa.Boolean(), server_default='1', nullable=False),
    sa.Column('created_at', Moment(), nullable=False),
    sa.CheckConstraint("role IN ('administrator', 'planner', 'committee', 'leader', 'worker')", name=op.f('ck_account_role_known')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('username', name=op.f('uq_account_username'))
    )
    op.create_table('area',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('level', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('initials', sa.Text(), server_default='', nullable=False),
    sa.Column('parent_id', sa.Integer(), nullable=True),
    sa.Column('households', sa.Integer(), nullable=True),
    sa.Column('geometry', Geometry('MULTIPOLYGON'), nullable=False),
    sa.CheckConstraint("level IN ('city', 'county', 'subdistrict', 'community')", name=op.f('ck_area_level_known')),
    sa.CheckConstraint('length(code) = 12', name=op.f('ck_area_code_length')),
    sa.ForeignKeyConstraint(['parent_id'], ['area.id'], name=op.f('fk_area_parent_id_area')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_area')),
    sa.UniqueConstraint('code', name=op.f('uq_area_code'))
    )
    op.create_index(op.f('ix_area_parent_id'), 'area', ['parent_id'], unique=False)
    op.create_table('assist_point',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('items_handled', sa.Integer(), nullable=True),
    sa.Column('person_times', sa.Integer(), nullable=True),
    sa.Column('geometry', Geometry('POINT'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assist_point'))
    )
    op.create_index(op.f('ix_assist_point_area_code'), 'assist_point', ['area_code'], unique=False)
    op.create_table('canteen',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('daily_diners', sa.Integer(), nullable=True),
    sa.Column('diners_served', sa.Integer(), nullable=True),
    sa.Column('geometry', Geometry('POINT'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_canteen'))
    )
    op.create_index(op.f('ix_canteen_area_code'), 'canteen', ['area_code'], unique=False)
    op.create_table('figure',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('value', sa.Double(), nullable=False),
    sa.Column('as_of', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_figure')),
    sa.UniqueConstraint('area_code', 'key', 'as_of', name=op.f('uq_figure_area_code_key_as_of'))
    )
    op.create_index(op.f('ix_figure_area_code'), 'figure', ['area_code'], unique=False)
    op.create_table('green',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=True),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('geometry', Geometry('MULTIPOLYGON'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_green'))
    )
    op.create_index(op.f('ix_green_area_code'), 'green', ['area_code'], unique=False)
    op.create_table('reference_boundary',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('layer', sa.Text(), nullable=False),
    sa.Column('feature_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('geometry', Geometry('MULTIPOLYGON'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reference_boundary'))
    )
    op.create_index(op.f('ix_reference_boundary_area_code'), 'reference_boundary', ['area_code'], unique=False)
    op.create_index(op.f('ix_reference_boundary_layer_feature_id'), 'reference_boundary', ['layer', 'feature_id'], unique=False)
    op.create_table('road',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=True),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('road_class', sa.Text(), nullable=False),
    sa.Column('width_m', sa.Double(), nullable=True),
    sa.Column('geometry', Geometry('MULTILINESTRING'), nullable=False),
    sa.CheckConstraint("road_class IN ('expressway', 'ring', 'arterial', 'collector', 'local', 'rail')", name=op.f('ck_road_road_class_known')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_road'))
    )
    op.create_index(op.f('ix_road_area_code'), 'road', ['area_code'], unique=False)
    op.create_table('setting',
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_setting'))
    )
    op.create_table('water',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=True),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('water_class', sa.Text(), nullable=False),
    sa.Column('geometry', Geometry('MULTIPOLYGON'), nullable=False),
    sa.CheckConstraint("water_class IN ('river', 'lake')", name=op.f('ck_water_water_class_known')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_water'))
    )
    op.create_index(op.f('ix_water_area_code'), 'water', ['area_code'], unique=False)
    op.create_table('source',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('file_name', sa.Text(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('layer', sa.Text(), nullable=True),
    sa.Column('encoding', sa.Text(), nullable=True),
    sa.Column('datum', sa.Text(), nullable=False),
    sa.Column('crs', sa.Text(), nullable=True),
    sa.Column('row_count', sa.Integer(), nullable=False),
    sa.Column('imported_at', Moment(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("datum IN ('cgcs2000', 'wgs84', 'gcj02', 'bd09')", name=op.f('ck_source_datum_known')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_source_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_source'))
    )
    op.create_index(op.f('ix_source_account_id'), 'source', ['account_id'], unique=False)
    op.create_table('plan',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('base_revision', sa.Integer(), nullable=False),
    sa.Column('created_at', Moment(), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('decided_at', Moment(), nullable=True),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.Column('source_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("kind IN ('import', 'alignment', 'proposal', 'drawing')", name=op.f('ck_plan_kind_known')),
    sa.CheckConstraint("status IN ('draft', 'published', 'dropped')", name=op.f('ck_plan_status_known')),
    sa.ForeignKeyConstraint(['created_by'], ['account.id'], name=op.f('fk_plan_created_by_account')),
    sa.ForeignKeyConstraint(['decided_by'], ['account.id'], name=op.f('fk_plan_decided_by_account')),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_plan_source_id_source')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_plan'))
    )
    op.create_index(op.f('ix_plan_area_code'), 'plan', ['area_code'], unique=False)
    op.create_index(op.f('ix_plan_created_by'), 'plan', ['created_by'], unique=False)
    op.create_index(op.f('ix_plan_decided_by'), 'plan', ['decided_by'], unique=False)
    op.create_index(op.f('ix_plan_source_id'), 'plan', ['source_id'], unique=False)
    op.create_table('boundary_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('layer', sa.Text(), nullable=False),
    sa.Column('feature_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=True),
    sa.Column('geometry', Geometry('MULTIPOLYGON'), nullable=False),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_boundary_version_plan_id_plan')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_boundary_version'))
    )
    op.create_index(op.f('ix_boundary_version_area_code'), 'boundary_version', ['area_code'], unique=False)
    op.create_index(op.f('ix_boundary_version_layer_feature_id'), 'boundary_version', ['layer', 'feature_id'], unique=False)
    op.create_index(op.f('ix_boundary_version_plan_id'), 'boundary_version', ['plan_id'], unique=False)
    op.create_table('change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('layer', sa.Text(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('attributes', sa.Text(), nullable=True),
    sa.Column('area_m2', sa.Double(), nullable=True),
    sa.Column('households', sa.Integer(), nullable=True),
    sa.Column('displacement_m', sa.Double(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('accepted', sa.Boolean(), server_default='1', nullable=False),
    sa.Column('geometry', Geometry('GEOMETRY'), nullable=True),
    sa.CheckConstraint("action IN ('add', 'change', 'remove')", name=op.f('ck_change_action_known')),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_change_plan_id_plan')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_change'))
    )
    op.create_index(op.f('ix_change_area_code'), 'change', ['area_code'], unique=False)
    op.create_index(op.f('ix_change_plan_id'), 'change', ['plan_id'], unique=False)
    op.create_table('compound',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('initials', sa.Text(), server_default='', nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=True),
    sa.Column('walled', sa.Boolean(), nullable=True),
    sa.Column('households', sa.Integer(), nullable=True),
    sa.Column('households_estimated', sa.Boolean(), server_default='0', nullable=False),
    sa.Column('built_year', sa.Integer(), nullable=True),
    sa.Column('property_service', sa.Boolean(), nullable=True),
    sa.Column('property_firm', sa.Text(), nullable=True),
    sa.Column('committee_eligible', sa.Boolean(), nullable=True),
    sa.Column('owners_committee', sa.Boolean(), nullable=True),
    sa.Column('pilot', sa.Boolean(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('plan_id', sa.Integer(), nullable=True),
    sa.Column('source_id', sa.Integer(), nullable=True),
    sa.Column('geometry', Geometry('MULTIPOLYGON'), nullable=False),
    sa.CheckConstraint("kind IN ('residential', 'transitional', 'aged', 'work_unit')", name=op.f('ck_compound_kind_known')),
    sa.CheckConstraint('households >= 0', name=op.f('ck_compound_households_not_negative')),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_compound_plan_id_plan')),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_compound_source_id_source')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_compound')),
    sa.UniqueConstraint('code', name=op.f('uq_compound_code'))
    )
    op.create_index(op.f('ix_compound_area_code'), 'compound', ['area_code'], unique=False)
    op.create_index(op.f('ix_compound_plan_id'), 'compound', ['plan_id'], unique=False)
    op.create_index(op.f('ix_compound_source_id'), 'compound', ['source_id'], unique=False)
    op.create_table('grid',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('households', sa.Integer(), nullable=True),
    sa.Column('responsible_body', sa.Text(), nullable=True),
    sa.Column('duties', sa.Text(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('plan_id', sa.Integer(), nullable=True),
    sa.Column('source_id', sa.Integer(), nullable=True),
    sa.Column('geometry', Geometry('MULTIPOLYGON'), nullable=False),
    sa.CheckConstraint('valid_to IS NULL OR valid_to >= valid_from', name=op.f('ck_grid_dates_in_order')),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_grid_plan_id_plan')),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_grid_source_id_source')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_grid')),
    sa.UniqueConstraint('code', name=op.f('uq_grid_code'))
    )
    op.create_index(op.f('ix_grid_area_code'), 'grid', ['area_code'], unique=False)
    op.create_index(op.f('ix_grid_plan_id'), 'grid', ['plan_id'], unique=False)
    op.create_index(op.f('ix_grid_source_id'), 'grid', ['source_id'], unique=False)
    op.create_table('claim',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('compound_id', sa.Integer(), nullable=True),
    sa.Column('item', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('claimed_on', sa.Date(), nullable=False),
    sa.Column('done_on', sa.Date(), nullable=True),
    sa.CheckConstraint("body IN ('unit', 'organisation', 'member')", name=op.f('ck_claim_body_known')),
    sa.CheckConstraint('done_on IS NULL OR done_on >= claimed_on', name=op.f('ck_claim_dates_in_order')),
    sa.CheckConstraint("source IN ('required', 'elective', 'recommended')", name=op.f('ck_claim_source_known')),
    sa.ForeignKeyConstraint(['compound_id'], ['compound.id'], name=op.f('fk_claim_compound_id_compound')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_claim'))
    )
    op.create_index(op.f('ix_claim_area_code'), 'claim', ['area_code'], unique=False)
    op.create_index(op.f('ix_claim_claimed_on'), 'claim', ['claimed_on'], unique=False)
    op.create_index(op.f('ix_claim_compound_id'), 'claim', ['compound_id'], unique=False)
    op.create_table('grid_worker',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('grid_id', sa.Integer(), nullable=True),
    sa.Column('role', sa.Text(), nullable=False),
    sa.CheckConstraint("role IN ('full_time', 'part_time', 'auxiliary')", name=op.f('ck_grid_worker_role_known')),
    sa.ForeignKeyConstraint(['grid_id'], ['grid.id'], name=op.f('fk_grid_worker_grid_id_grid')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_grid_worker'))
    )
    op.create_index(op.f('ix_grid_worker_area_code'), 'grid_worker', ['area_code'], unique=False)
    op.create_index(op.f('ix_grid_worker_grid_id'), 'grid_worker', ['grid_id'], unique=False)
    op.create_table('micro_grid',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=True),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('grid_id', sa.Integer(), nullable=True),
    sa.Column('compound_id', sa.Integer(), nullable=True),
    sa.Column('households', sa.Integer(), nullable=True),
    sa.Column('responsible_body', sa.Text(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('plan_id', sa.Integer(), nullable=True),
    sa.Column('source_id', sa.Integer(), nullable=True),
    sa.Column('geometry', Geometry('MULTIPOLYGON'), nullable=False),
    sa.CheckConstraint('valid_to IS NULL OR valid_to >= valid_from', name=op.f('ck_micro_grid_dates_in_order')),
    sa.ForeignKeyConstraint(['compound_id'], ['compound.id'], name=op.f('fk_micro_grid_compound_id_compound')),
    sa.ForeignKeyConstraint(['grid_id'], ['grid.id'], name=op.f('fk_micro_grid_grid_id_grid')),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_micro_grid_plan_id_plan')),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_micro_grid_source_id_source')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_micro_grid')),
    sa.UniqueConstraint('code', name=op.f('uq_micro_grid_code'))
    )
    op.create_index(op.f('ix_micro_grid_area_code'), 'micro_grid', ['area_code'], unique=False)
    op.create_index(op.f('ix_micro_grid_compound_id'), 'micro_grid', ['compound_id'], unique=False)
    op.create_index(op.f('ix_micro_grid_grid_id'), 'micro_grid', ['grid_id'], unique=False)
    op.create_index(op.f('ix_micro_grid_plan_id'), 'micro_grid', ['plan_id'], unique=False)
    op.create_index(op.f('ix_micro_grid_source_id'), 'micro_grid', ['source_id'], unique=False)
    op.create_table('organisation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('initials', sa.Text(), server_default='', nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('parent_id', sa.Integer(), nullable=True),
    sa.Column('level', sa.Text(), nullable=False),
    sa.Column('rank', sa.Text(), nullable=False),
    sa.Column('area_id', sa.Integer(), nullable=True),
    sa.Column('compound_id', sa.Integer(), nullable=True),
    sa.Column('grid_id', sa.Integer(), nullable=True),
    sa.Column('secretary_filled', sa.Boolean(), nullable=True),
    sa.Column('member_count', sa.Integer(), nullable=True),
    sa.Column('member_household_count', sa.Integer(), nullable=True),
    sa.CheckConstraint("(level = 'community' AND area_id IS NOT NULL AND compound_id IS NULL AND grid_id IS NULL) OR (level = 'compound' AND area_id IS NULL AND compound_id IS NOT NULL AND grid_id IS NULL) OR (level = 'grid' AND area_id IS NULL AND compound_id IS NULL AND grid_id IS NOT NULL) OR (level IN ('building', 'entrance') AND area_id IS NULL AND compound_id IS NULL AND grid_id IS NULL)", name=op.f('ck_organisation_one_seat')),
    sa.CheckConstraint("level IN ('community', 'compound', 'grid', 'building', 'entrance')", name=op.f('ck_organisation_level_known')),
    sa.CheckConstraint("rank IN ('committee', 'general_branch', 'branch', 'group')", name=op.f('ck_organisation_rank_known')),
    sa.ForeignKeyConstraint(['area_id'], ['area.id'], name=op.f('fk_organisation_area_id_area')),
    sa.ForeignKeyConstraint(['compound_id'], ['compound.id'], name=op.f('fk_organisation_compound_id_compound')),
    sa.ForeignKeyConstraint(['grid_id'], ['grid.id'], name=op.f('fk_organisation_grid_id_grid')),
    sa.ForeignKeyConstraint(['parent_id'], ['organisation.id'], name=op.f('fk_organisation_parent_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisation'))
    )
    op.create_index(op.f('ix_organisation_area_code'), 'organisation', ['area_code'], unique=False)
    op.create_index(op.f('ix_organisation_area_id'), 'organisation', ['area_id'], unique=False)
    op.create_index(op.f('ix_organisation_compound_id'), 'organisation', ['compound_id'], unique=False)
    op.create_index(op.f('ix_organisation_grid_id'), 'organisation', ['grid_id'], unique=False)
    op.create_index(op.f('ix_organisation_parent_id'), 'organisation', ['parent_id'], unique=False)
    op.create_table('station',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('initials', sa.Text(), server_default='', nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('compound_id', sa.Integer(), nullable=True),
    sa.Column('tier', sa.Text(), nullable=False),
    sa.Column('origin', sa.Text(), nullable=True),
    sa.Column('floor_area_m2', sa.Double(), nullable=True),
    sa.Column('opened_on', sa.Date(), nullable=True),
    sa.Column('geometry', Geometry('POINT'), nullable=False),
    sa.CheckConstraint("origin IN ('new_built', 'shared', 'converted')", name=op.f('ck_station_origin_known')),
    sa.CheckConstraint("tier IN ('subdistrict', 'community', 'micro')", name=op.f('ck_station_tier_known')),
    sa.ForeignKeyConstraint(['compound_id'], ['compound.id'], name=op.f('fk_station_compound_id_compound')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_station'))
    )
    op.create_index(op.f('ix_station_area_code'), 'station', ['area_code'], unique=False)
    op.create_index(op.f('ix_station_compound_id'), 'station', ['compound_id'], unique=False)
    op.create_table('building',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.Text(), nullable=True),
    sa.Column('name', sa.Text(), nullable=True),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('compound_id', sa.Integer(), nullable=True),
    sa.Column('grid_id', sa.Integer(), nullable=True),
    sa.Column('micro_grid_id', sa.Integer(), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=True),
    sa.Column('use', sa.Text(), nullable=True),
    sa.Column('floors', sa.Integer(), nullable=True),
    sa.Column('households', sa.Integer(), nullable=True),
    sa.Column('source_id', sa.Integer(), nullable=True),
    sa.Column('geometry', Geometry('MULTIPOLYGON'), nullable=False),
    sa.CheckConstraint("use IN ('housing', 'shop', 'office', 'school', 'hospital', 'industry', 'public')", name=op.f('ck_building_use_known')),
    sa.ForeignKeyConstraint(['compound_id'], ['compound.id'], name=op.f('fk_building_compound_id_compound')),
    sa.ForeignKeyConstraint(['grid_id'], ['grid.id'], name=op.f('fk_building_grid_id_grid')),
    sa.ForeignKeyConstraint(['micro_grid_id'], ['micro_grid.id'], name=op.f('fk_building_micro_grid_id_micro_grid')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_building_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_building_source_id_source')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_building')),
    sa.UniqueConstraint('code', name=op.f('uq_building_code'))
    )
    op.create_index(op.f('ix_building_area_code'), 'building', ['area_code'], unique=False)
    op.create_index(op.f('ix_building_compound_id'), 'building', ['compound_id'], unique=False)
    op.create_index(op.f('ix_building_grid_id'), 'building', ['grid_id'], unique=False)
    op.create_index(op.f('ix_building_micro_grid_id'), 'building', ['micro_grid_id'], unique=False)
    op.create_index(op.f('ix_building_organisation_id'), 'building', ['organisation_id'], unique=False)
    op.create_index(op.f('ix_building_source_id'), 'building', ['source_id'], unique=False)
    op.create_table('rating',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('compound_id', sa.Integer(), nullable=True),
    sa.Column('claim_id', sa.Integer(), nullable=True),
    sa.Column('score', sa.Integer(), nullable=False),
    sa.Column('rated_on', sa.Date(), nullable=False),
    sa.CheckConstraint('score BETWEEN 1 AND 5', name=op.f('ck_rating_score_range')),
    sa.ForeignKeyConstraint(['claim_id'], ['claim.id'], name=op.f('fk_rating_claim_id_claim')),
    sa.ForeignKeyConstraint(['compound_id'], ['compound.id'], name=op.f('fk_rating_compound_id_compound')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rating'))
    )
    op.create_index(op.f('ix_rating_area_code'), 'rating', ['area_code'], unique=False)
    op.create_index(op.f('ix_rating_claim_id'), 'rating', ['claim_id'], unique=False)
    op.create_index(op.f('ix_rating_compound_id'), 'rating', ['compound_id'], unique=False)
    op.create_index(op.f('ix_rating_rated_on'), 'rating', ['rated_on'], unique=False)
    op.create_table('entrance',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('area_code', sa.Text(), nullable=False),
    sa.Column('building_id', sa.Integer(), nullable=False),
    sa.Column('micro_grid_id', sa.Integer(), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=True),
    sa.Column('households', sa.Integer(), nullable=True),
    sa.Column('geometry', Geometry('POINT'), nullable=False),
    sa.ForeignKeyConstraint(['building_id'], ['building.id'], name=op.f('fk_entrance_building_id_building')),
    sa.ForeignKeyConstraint(['micro_grid_id'], ['micro_grid.id'], name=op.f('fk_entrance_micro_grid_id_micro_grid')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_entrance_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_entrance'))
    )
    op.create_index(op.f('ix_entrance_area_code'), 'entrance', ['area_code'], unique=False)
    op.create_index(op.f('ix_entrance_building_id'), 'entrance', ['building_id'], unique=False)
    op.create_index(op.f('ix_entrance_micro_grid_id'), 'entrance', ['micro_grid_id'], unique=False)
    op.create_index(op.f('ix_entrance_organisation_id'), 'entrance', ['organisation_id'], unique=False)

    if op.get_bind().dialect.name == "postgresql":
        for table in SPATIAL:
            op.create_index(f"ix_{table}_geometry", table, ["geometry"], postgresql_using="gist")


def downgrade() -> None:
    op.drop_index(op.f('ix_entrance_organisation_id'), 'entrance')
    op.drop_index(op.f('ix_entrance_micro_grid_id'), 'entrance')
    op.drop_index(op.f('ix_entrance_building_id'), 'entrance')
    op.drop_index(op.f('ix_entrance_area_code'), 'entrance')
    op.drop_table('entrance')
    op.drop_index(op.f('ix_rating_rated_on'), 'rating')
    op.drop_index(op.f('ix_rating_compound_id'), 'rating')
    op.drop_index(op.f('ix_rating_claim_id'), 'rating')
    op.drop_index(op.f('ix_rating_area_code'), 'rating')
    op.drop_table('rating')
    op.drop_index(op.f('ix_building_source_id'), 'building')
    op.drop_index(op.f('ix_building_organisation_id'), 'building')
    op.drop_index(op.f('ix_building_micro_grid_id'), 'building')
    op.drop_index(op.f('ix_building_grid_id'), 'building')
    op.drop_index(op.f('ix_building_compound_id'), 'building')
    op.drop_index(op.f('ix_building_area_code'), 'building')
    op.drop_table('building')
    op.drop_index(op.f('ix_station_compound_id'), 'station')
    op.drop_index(op.f('ix_station_area_code'), 'station')
    op.drop_table('station')
    op.drop_index(op.f('ix_organisation_parent_id'), 'organisation')
    op.drop_index(op.f('ix_organisation_grid_id'), 'organisation')
    op.drop_index(op.f('ix_organisation_compound_id'), 'organisation')
    op.drop_index(op.f('ix_organisation_area_id'), 'organisation')
    op.drop_index(op.f('ix_organisation_area_code'), 'organisation')
    op.drop_table('organisation')
    op.drop_index(op.f('ix_micro_grid_source_id'), 'micro_grid')
    op.drop_index(op.f('ix_micro_grid_plan_id'), 'micro_grid')
    op.drop_index(op.f('ix_micro_grid_grid_id'), 'micro_grid')
    op.drop_index(op.f('ix_micro_grid_compound_id'), 'micro_grid')
    op.drop_index(op.f('ix_micro_grid_area_code'), 'micro_grid')
    op.drop_table('micro_grid')
    op.drop_index(op.f('ix_grid_worker_grid_id'), 'grid_worker')
    op.drop_index(op.f('ix_grid_worker_area_code'), 'grid_worker')
    op.drop_table('grid_worker')
    op.drop_index(op.f('ix_claim_compound_id'), 'claim')
    op.drop_index(op.f('ix_claim_claimed_on'), 'claim')
    op.drop_index(op.f('ix_claim_area_code'), 'claim')
    op.drop_table('claim')
    op.drop_index(op.f('ix_grid_source_id'), 'grid')
    op.drop_index(op.f('ix_grid_plan_id'), 'grid')
    op.drop_index(op.f('ix_grid_area_code'), 'grid')
    op.drop_table('grid')
    op.drop_index(op.f('ix_compound_source_id'), 'compound')
    op.drop_index(op.f('ix_compound_plan_id'), 'compound')
    op.drop_index(op.f('ix_compound_area_code'), 'compound')
    op.drop_table('compound')
    op.drop_index(op.f('ix_change_plan_id'), 'change')
    op.drop_index(op.f('ix_change_area_code'), 'change')
    op.drop_table('change')
    op.drop_index(op.f('ix_boundary_version_plan_id'), 'boundary_version')
    op.drop_index(op.f('ix_boundary_version_layer_feature_id'), 'boundary_version')
    op.drop_index(op.f('ix_boundary_version_area_code'), 'boundary_version')
    op.drop_table('boundary_version')
    op.drop_index(op.f('ix_plan_source_id'), 'plan')
    op.drop_index(op.f('ix_plan_decided_by'), 'plan')
    op.drop_index(op.f('ix_plan_created_by'), 'plan')
    op.drop_index(op.f('ix_plan_area_code'), 'plan')
    op.drop_table('plan')
    op.drop_index(op.f('ix_source_account_id'), 'source')
    op.drop_table('source')
    op.drop_index(op.f('ix_water_area_code'), 'water')
    op.drop_table('water')
    op.drop_table('setting')
    op.drop_index(op.f('ix_road_area_code'), 'road')
    op.drop_table('road')
    op.drop_index(op.f('ix_reference_boundary_layer_feature_id'), 'reference_boundary')
    op.drop_index(op.f('ix_reference_boundary_area_code'), 'reference_boundary')
    op.drop_table('reference_boundary')
    op.drop_index(op.f('ix_green_area_code'), 'green')
    op.drop_table('green')
    op.drop_index(op.f('ix_figure_area_code'), 'figure')
    op.drop_table('figure')
    op.drop_index(op.f('ix_canteen_area_code'), 'canteen')
    op.drop_table('canteen')
    op.drop_index(op.f('ix_assist_point_area_code'), 'assist_point')
    op.drop_table('assist_point')
    op.drop_index(op.f('ix_area_parent_id'), 'area')
    op.drop_table('area')
    op.drop_table('account')
