"""Which slots of a block have which peculiarity: how often each kind of fault occurs.

A slot has at most one peculiarity. That keeps the truth unambiguous: wherever a value is stale or missing,
everything else about that customer is right, so the owner's value and the identity can be worked out.
"""

# Customers, of 500.
BROKEN_EMAIL = range(3)
BROKEN_COUNTRY = range(3, 5)
REVIEW = range(5, 9)
SHOP_DUPLICATE = range(10, 20)
CRM_DUPLICATE = range(20, 30)
CRM_MERGED = range(30, 34)
CRM_DELETED_STRANGER = range(34, 36)
ERP_INACTIVE_STRANGER = range(36, 38)
NAMESAKES = range(40, 46)
SECOND_NAMESAKE = frozenset({41, 43, 45})
HOUSEMATES = range(46, 52)
SECOND_HOUSEMATE = frozenset({47, 49, 51})
NOT_IN_ERP = range(60, 70)
NOT_IN_CRM = range(70, 90)
NOT_IN_SHOP = range(90, 100)
RENAMED = range(100, 105)
STALE_PHONE = range(110, 140)
STALE_ADDRESS = range(140, 170)
STALE_EMAIL = range(170, 190)
STALE_LAST_NAME = range(190, 200)
NO_PHONE_IN_CRM = range(200, 220)
NO_EMAIL_IN_ERP = range(220, 240)
NO_PHONE_IN_ERP = range(240, 250)
NO_PHONE_IN_SHOP = range(250, 260)
NO_EMAIL_IN_CRM = range(260, 265)
ONLY_CROSSWALK = range(270, 280)
PERSONS = frozenset({*NAMESAKES, *HOUSEMATES, *STALE_LAST_NAME})

# Orders, of 500.
TEST_ORDER = range(10)
CANCELLED_BEFORE_ERP = range(10, 15)
CANCELLED = range(10, 25)
NEVER_REACHED_ERP = range(25, 31)
STALE_STATUS = range(40, 60)
NOT_IN_CRM_ORDER = range(60, 110)
ZERO_QUANTITY = range(110, 111)

# Breaks between order and cash, of 500 orders.
CHARGE_MISSING = range(120, 123)
CHARGE_AMOUNT = range(123, 126)
CHARGE_CURRENCY = range(126, 127)
CHARGE_DOUBLE = range(127, 130)
REFUNDED = range(130, 140)
REFUND_UNKNOWN = range(140, 142)
INVOICE_MISSING = range(142, 145)
INVOICE_AMOUNT = range(145, 148)
INVOICE_DOUBLE = range(148, 150)
SHIPMENT_MISSING = range(150, 153)
SHIPMENT_SHORT = range(153, 156)
PAYOUT_SHORT = range(156, 157)
SHIPMENT_UNTOLD = range(157, 160)
CHARGE_BROKEN = range(480, 482)
INVOICE_BROKEN = range(482, 484)

# Orders missing or outdated in the systems that own no field, of 500; deals of tests are among the test orders.
DEAL_OF_A_TEST = range(3)
NOT_A_DEAL = range(170, 190)
STALE_STAGE = range(190, 200)
NOT_IN_SAP_ORDER = range(200, 212)

# Missing or outdated delivery status in the shop and the CRM, of 500 orders.
DELIVERY_STALE_IN_SHOP = range(160, 168)
DELIVERY_STALE_IN_CRM = range(168, 176)
DELIVERY_UNTOLD_IN_CRM = range(176, 182)

# Marketing consent, of 500 customers.
OPTED_OUT = range(300, 340)
OPTED_OUT_ELSEWHERE = range(340, 346)
NEVER_ASKED = range(346, 400)
