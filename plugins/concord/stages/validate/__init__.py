"""The step validate: contract and expectations judge each landed record, and gates judge the batch as a whole."""
