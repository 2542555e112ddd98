"""OMERO.web, unmodified, without a web server: Django's test client logs in and asks for pages as a browser does."""

import atexit
import json
import logging
import os
import shutil
import tempfile

import omero.clients  # before all others of OMERO's modules: they import each other in a circle
from omero.config import ConfigXml


def prepare(host, port):
    """Sets Django up with a folder of its own and one server; call it once, before anything of OMERO.web is imported."""
    folder = tempfile.mkdtemp(prefix="omero-web-")
    atexit.register(shutil.rmtree, folder, True)
    os.makedirs(os.path.join(folder, "etc", "grid"))
    os.makedirs(os.path.join(folder, "var", "log"))
    config = ConfigXml(os.path.join(folder, "etc", "grid", "config.xml"))
    config["omero.web.server_list"] = json.dumps([[host, port, "tested"]])
    config["omero.web.debug"] = "False"
    config["omero.web.check_version"] = "false"
    config["omero.web.static_root"] = os.path.join(folder, "static")
    config["omero.web.session_cookie_secure"] = "false"
    config.close()
    os.environ["OMERODIR"] = folder
    os.environ["DJANGO_SETTINGS_MODULE"] = "omeroweb.settings"
    import django
    from django.conf import settings

    # Pages name their scripts and pictures by checksums that only `omero web start` would make.
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    django.setup()
    logging.disable(logging.CRITICAL)
    return folder


class Browser:
    """One person's: who is logged in, and the failures that OMERO.web would only log."""

    def __init__(self, user, password):
        from django.test import Client

        self.client = Client(raise_request_exception=True)
        self.client.get("/webclient/login/")
        answer = self.client.post("/webclient/login/", {"server": 1, "username": user, "password": password, "ssl": "on"})
        assert answer.status_code == 302, "log-in of %s: %d" % (user, answer.status_code)

    def page(self, path, status=200, **values):
        answer = self.client.get(path, values)
        assert answer.status_code == status, "%s: status %d, %s" % (path, answer.status_code, shortened(answer.content))
        return answer.content.decode(errors="replace")

    def json(self, path, **values):
        text = self.page(path, **values)
        try:
            return json.loads(text)
        except ValueError:
            raise AssertionError("%s: no JSON: %s" % (path, shortened(text.encode())))

    def post(self, path, values, status=200, as_json=False, method="post"):
        call = getattr(self.client, method)
        answer = call(path, json.dumps(values), content_type="application/json") if as_json else call(path, values)
        assert answer.status_code == status, "%s: status %d, %s" % (path, answer.status_code, shortened(answer.content))
        return answer.content.decode(errors="replace")

    def log_out(self):
        self.client.post("/webclient/logout/")


def shortened(content):
    return content[-600:].decode(errors="replace").strip()
