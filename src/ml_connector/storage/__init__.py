"""The database: engine, transactions, migrations. Tables live with the store that owns them."""
