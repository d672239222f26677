"""placeholder"""


class SignerContract: ...
