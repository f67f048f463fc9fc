"""What a deploy, a rollback and a look cost, beside what Docker alone takes for the same."""
