"""placeholder"""


class BlobStoreContract: ...
