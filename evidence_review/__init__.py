"""An evidence review of what the authors of a page claim: from the document to the reports."""
