"""Pages made of several capabilities: 今日, the case screen, the consumer's page, boards."""
