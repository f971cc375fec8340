"""What each system said last, complete or not at all. May import connectors, mapping and storage; decides nothing."""
