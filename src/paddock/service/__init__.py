"""What the product does, whatever the dialect: generate, chat, embed, and manage models."""
