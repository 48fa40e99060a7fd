"""Workspaces that install the app by themselves (decisions/0041-oauth.md).

routes.py   the way through Slack's page and back
pages.py    what a browser is shown, pure
granting.py what Slack grants → what we keep, pure
tokens.py   the token to call Slack with for a workspace, and its exchange for the next
"""
