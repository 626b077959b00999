"""Says before the first night whether a connection will work; at the vendor nothing is written."""
