"""The kinds of values that have a kernel: signature id → number. A new kind is added here, in scan_kernels.py and in the catalogue."""

KINDS = (
    "resident_id", "resident_id_15", "residence_permit", "foreign_id", "hkmo_permit", "tw_permit", "exit_permit", "passport", "mrz",
    "mobile", "landline", "email", "imei", "imsi", "iccid", "bank_card", "track2", "usci", "org_code", "plate", "vin", "coordinates",
    "private_key", "access_key", "marking", "name", "address",
)
NEGATIVE = 62  # bit of words that lower a tier, beside the kinds' bits
