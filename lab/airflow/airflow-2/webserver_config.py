"""The webserver's own users are not what the lab is about: everybody may do everything."""

AUTH_ROLE_PUBLIC = "Admin"
