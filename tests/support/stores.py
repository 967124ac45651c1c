"""The same cases on each store: class OnSQLite(stores.SQLite, Cases, unittest.TestCase), class OnPostgres(stores.PostgreSQL, Cases,
unittest.TestCase). Cases open() with cls.database; their tearDownClass() closes what open() made."""
import unittest

from support.postgres import Postgres, binaries


class SQLite:
    database = None

    @classmethod
    def setUpClass(cls):
        cls.open()


class PostgreSQL:
    @classmethod
    def setUpClass(cls):
        if not binaries():
            raise unittest.SkipTest("PostgreSQL is not installed")
        cls.postgres = Postgres()
        cls.database = cls.postgres.database("mandate")
        cls.open()

    @classmethod
    def tearDownClass(cls):
        try:
            super().tearDownClass()
        finally:
            cls.postgres.remove()
