"""The frame around every page: side bar, top bar, title, and how a page is opened for one account. Holds no data of its own."""
