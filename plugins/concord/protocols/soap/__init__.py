"""SOAP described by a WSDL: lists and writes by declaration."""
