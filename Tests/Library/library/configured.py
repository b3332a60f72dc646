"""What all configurations of nginx in these tests have in common."""

from peers.process import Child

_MODULES = "/usr/lib/nginx/modules"

_CONFIGURATION = """
load_module {modules}/ndk_http_module.so;
load_module {modules}/ngx_http_lua_module.so;
user root;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
worker_processes {workers};
{directives}
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/temp; proxy_temp_path {folder}/temp; fastcgi_temp_path {folder}/temp;
  uwsgi_temp_path {folder}/temp; scgi_temp_path {folder}/temp;
  {http}
}}
"""


def configuration(folder, http, *, workers=1, directives=""):
    """A whole one around what is in its `http`. Its `error.log` and the directory `temp` lie in the folder."""
    return _CONFIGURATION.format(
        modules=_MODULES, folder=folder, workers=workers, directives=directives, http=http.strip()
    )


def nginx(folder, http, *, prefix=(), environment=None, **options):
    """nginx with that configuration, begun; `prefix` is a command that runs it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "temp").mkdir(exist_ok=True)
    path = folder / "nginx.conf"
    path.write_text(configuration(folder, http, **options), encoding="utf-8")
    return Child("nginx", [*prefix, "nginx", "-p", folder, "-c", path], folder, environment)
