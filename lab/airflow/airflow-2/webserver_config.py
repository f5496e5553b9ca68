"""The lab does not test the webserver's own users: every caller may do everything."""

AUTH_ROLE_PUBLIC = "Admin"
