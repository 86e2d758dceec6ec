"""The command line: ``pingqi``."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dashboard.commands import alignment, imports, proposal, report
from data.cities import write_demo
from data.engine import store_exists
from data.errors import DataError
from data.settings import Settings
from data.store import Store
from data.tiles import Tiles

cli = typer.Typer(
    name="pingqi",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="平齐：小区、网格与三级组织一张图。",
)
err = Console(stderr=True)
imports.register(cli)
alignment.register(cli)
proposal.register(cli)
report.register(cli)


def main() -> None:
    """Run the command line; what we raise on purpose ends as one clear line."""
    try:
        cli()
    except DataError as error:
        err.print(f"[bold red]错误[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(2)


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=err
    )


@cli.command()
def serve(
    demo_if_empty: Annotated[
        bool, typer.Option("--demo-if-empty", help="没有数据时先生成演示城市。")
    ] = False,
    scale: Annotated[str, typer.Option(help="演示城市的规模：small、district 或 city。")] = "city",
) -> None:
    """启动网页服务。"""
    settings = Settings.from_environment()
    _check_port(settings.host, settings.port)
    if demo_if_empty and not store_exists(settings.database_url):
        make_demo(settings, scale, seed=2026)
    store = Store.open(settings.database_url)
    tiles = Tiles(store, settings.tiles)
    build_tiles(tiles)
    from waitress import serve as run  # noqa: PLC0415  (a command should start without what only another needs)

    from dashboard.app import create_app  # noqa: PLC0415
    from dashboard.services import Services  # noqa: PLC0415

    app = create_app(Services(store, tiles, settings))
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    typer.echo(f"http://{host}:{settings.port}/")
    run(
        app,
        host=settings.host,
        port=settings.port,
        threads=8,
        ident=None,
        max_request_body_size=1 << 30,
    )


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise DataError(
                f"{host}:{port} 不能使用（{error.strerror}）；请用 PINGQI_PORT 换一个端口。"
            ) from error


@cli.command()
def demo(
    scale: Annotated[str, typer.Option(help="规模：small、district 或 city。")] = "city",
    seed: Annotated[int, typer.Option(help="随机种子；同一种子得到同一座城市。")] = 2026,
    force: Annotated[bool, typer.Option(help="覆盖已有数据。")] = False,
) -> None:
    """生成演示城市。"""
    settings = Settings.from_environment()
    if store_exists(settings.database_url) and not force:
        raise DataError("已有数据；要覆盖，请加 --force。")
    make_demo(settings, scale, seed)
    build_tiles(Tiles(Store.open(settings.database_url), settings.tiles))


def make_demo(settings: Settings, scale: str, seed: int) -> None:
    """Make the demo city and write it to the store, showing how far it is."""
    from data.demo import build  # noqa: PLC0415

    with _progress() as progress:
        task = progress.add_task("生成演示城市", total=1.0)
        city = build(scale, seed, progress=lambda _what, share: progress.update(task, completed=share))
        progress.update(task, completed=1.0)
        task = progress.add_task("写入数据库", total=1.0)
        store = Store.open(settings.database_url)
        write_demo(store, city, progress=lambda _what, share: progress.update(task, completed=share))
        store.close()


def build_tiles(tiles: Tiles) -> None:
    """Make the map archives that are missing, showing how far it is."""
    missing = len(tiles.missing())
    if not missing:
        return
    with _progress() as progress:
        task = progress.add_task("绘制地图", total=missing)
        tiles.build(progress=lambda done, _total: progress.update(task, completed=done))


@cli.command()
def doctor() -> None:
    """检查安装和数据库，说明哪里不对。"""
    settings = Settings.from_environment()
    typer.echo(f"目录  {settings.home}")
    store = Store.open(settings.database_url)
    typer.echo(f"数据库 {store.engine.url.render_as_string(hide_password=True)}")
    typer.echo(f"版次  {store.revision()}")
    typer.echo(f"缺少的地图文件 {len(Tiles(store, settings.tiles).missing())}")


@cli.command()
def account(
    username: str,
    name: Annotated[str, typer.Option(help="显示名称。")],
    role: Annotated[
        str, typer.Option(help="administrator、planner、committee、leader 或 worker。")
    ] = "planner",
    scope: Annotated[str, typer.Option(help="可见范围：区划代码前缀；留空为全市。")] = "",
    password_file: Annotated[
        Path | None, typer.Option(help="从文件读密码；不给则提示输入。", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """新建账号。"""
    from dashboard.auth import create_account  # noqa: PLC0415
    from models.enums import Role  # noqa: PLC0415

    if role not in set(Role):
        raise DataError(f"没有角色 {role!r}；可用：{'、'.join(Role)}。")
    if password_file:
        password = password_file.read_text().strip()
    else:
        password = typer.prompt("密码", hide_input=True, confirmation_prompt=True)
    settings = Settings.from_environment()
    create_account(Store.open(settings.database_url), username, name, Role(role), scope, password)
    typer.echo(f"已建账号 {username}。")
