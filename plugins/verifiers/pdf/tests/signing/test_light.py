"""Nobody pays for pyHanko who does not sign."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("pyhanko", "pyhanko_certvalidator", "PIL", "reportlab", "asn1crypto", "lxml")


def test_plugin_is_light_until_a_file_is_signed() -> None:
    script = (
        "import sys\n"
        "from lienthong_verifier_pdf.signer import lienthong_file_signer_factory\n"
        "assert callable(lienthong_file_signer_factory(media_type='application/pdf'))\n"
        f"print([name for name in {HEAVY} if name in sys.modules])\n"
    )
    command = [sys.executable, "-c", script]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found == "[]\n"
