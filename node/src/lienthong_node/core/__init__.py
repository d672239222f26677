"""The axis's decisions as pure functions: commands and facts in, decisions out.

Nothing here reads a clock, a store or a socket. ``commands`` says what is asked, ``facts`` what was
read beforehand, ``submit``, ``report`` and ``registry`` decide, ``journal`` turns decisions into
entries.
"""
