"""Loads a file into HSDS with h5pyd 0.24's loader. usage: load.py ENDPOINT BUCKET USER PASSWORD ADMIN ADMIN_PASSWORD FILE DOMAIN"""

import sys

import h5pyd
from h5pyd._apps.hsload import main

endpoint, bucket, user, password, admin, admin_password, path, domain = sys.argv[1:]
for folder in ("/home/", "/home/%s/" % user):
    h5pyd.Folder(folder, mode="x", endpoint=endpoint, bucket=bucket, username=admin, password=admin_password, owner=user)
sys.argv = ["hsload", "-e", endpoint, "-u", user, "-p", password, "--bucket", bucket, path, domain]
main()
